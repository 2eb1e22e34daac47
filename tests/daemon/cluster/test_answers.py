"""Answers of workers, who may say anything: one of ours comes back whole, others not at all."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from daemon.cluster import answers
from daemon.cluster.answers import BadAnswer, File, Made, Troubled, Unseen
from daemon.errors import EngineStumbled, NoRoom, NotAPhoto, NotReady, ResultsTrouble
from daemon.filed import Filed, Part
from daemon.plan import Move, Plan
from daemon.work.job import Staged, Unchanged
from matting.judgement.flag import Flag

SHA = "0123456789abcdef" * 4
FILED = Filed(
    names=(b"a.png",),
    size=(64, 48),
    engine="people",
    device="cpu",
    people=2,
    sha256=SHA,
    took_s={"read": 0.5},
    warnings=("a warning",),
    covered=0.25,
    flags=(Flag("hair", 2.5, (1, 2, 3, 4)), Flag("nobody", 1.0, None)),
    holds_photo=True,
    parts=(Part(1, None, (64, 48), (Flag("hair", 2.5, (1, 2, 3, 4)),)),),
)
STAGED = Staged(Plan(b"/r", (Move(b".matted-staging/1-1-1/0.png", b"a.png", 7, SHA),)), FILED)


def through(told: Any) -> answers.Answer:
    return answers.read(json.loads(json.dumps(told)))


def test_results_come_back_with_all_facts_but_names() -> None:
    answer = through(answers.told(STAGED))
    assert isinstance(answer, Made)
    assert answer.files == (File(b"0.png", 7, SHA),)
    assert answer.filed == Filed(**{**_fields(FILED), "names": ()})


def _fields(filed: Filed) -> dict[str, Any]:
    return {name: getattr(filed, name) for name in Filed.__slots__}


@pytest.mark.parametrize(
    "error", [NotAPhoto("no decoder"), NotReady("ends early"), EngineStumbled("oh")]
)
def test_errors_of_the_photo_come_back_as_what_they_are(error: Exception) -> None:
    answer = through(answers.told(error))  # type: ignore[arg-type] # one of ours
    assert type(answer) is type(error)
    assert str(answer) == str(error)


@pytest.mark.parametrize("error", [ResultsTrouble("full", 28), NoRoom("no room", 28)])
def test_errors_of_the_workers_disk_are_the_workers(error: Exception) -> None:
    assert through(answers.told(error)) == Troubled(str(error))  # type: ignore[arg-type] # as above


def test_the_rest_comes_back_too() -> None:
    assert through(answers.told(Unchanged(SHA))) == Unchanged(SHA)
    assert through(answers.unseen(files=True, results=False)) == Unseen(files=True, results=False)


def damaged(**changes: Any) -> dict[str, Any]:
    told = copy.deepcopy(answers.told(STAGED))
    told["filed"] |= changes
    return told


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"made": [], "filed": answers.told(STAGED)["filed"]},
        {"made": [["../../etc/passwd", 1, SHA]], "filed": answers.told(STAGED)["filed"]},
        {"made": [["1.png", 1, SHA]], "filed": answers.told(STAGED)["filed"]},
        {"made": [["0.png/x", 1, SHA]], "filed": answers.told(STAGED)["filed"]},
        {"made": [["0.png", -1, SHA]], "filed": answers.told(STAGED)["filed"]},
        {"made": [["0.png", 1, "abc"]], "filed": answers.told(STAGED)["filed"]},
        {"made": [["0.png", 1, SHA]] * 30_000, "filed": answers.told(STAGED)["filed"]},
        {"unchanged": "abc"},
        {"failed": "SystemExit", "reason": "no"},
        {"failed": "LedgerTrouble", "reason": "pauses everything"},
        {"failed": "NotAPhoto", "reason": "x" * 5000},
        {"unseen": {"files": 1, "results": 0}},
        damaged(covered=float("nan")),
        damaged(size=[1]),
        damaged(people="two"),
        damaged(took_s={"read": "long"}),
        damaged(flags=[{"reason": "hair", "value": 1, "place": [1, 2]}]),
        damaged(engine=None),
    ],
)
def test_what_nobody_of_ours_says_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        answers.read(told)


def test_lines_of_others_have_nothing_in_them_that_a_terminal_obeys() -> None:
    answer = answers.read({"troubled": "red\x1b[31m\nand more"})
    assert answer == Troubled("red?[31m and more")
