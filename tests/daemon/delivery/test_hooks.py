"""Hooks hear of everything at least once, in order, and can hold up nobody."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from harness import wait_until

from daemon.delivery.hooks import Hook, Hooks
from daemon.ledger.notices import Kind
from daemon.log.events import Log

KEEP = "import sys; open({path!r}, 'a').write(sys.stdin.read())"


def keeping(path: Path) -> tuple[str, ...]:
    return (sys.executable, "-c", KEEP.format(path=str(path)))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def make(happening, log: Log):
    made = []

    def make(*hooks: Hook, at_once: int = 2) -> Hooks:
        one = Hooks(happening.ledger.path, hooks, at_once=at_once, log=log)
        made.append(one)
        one.start()
        time.sleep(0.3)  # until each has its place among the notices
        return one

    yield make
    for one in made:
        one.stop()


def test_each_hook_hears_of_what_it_is_for(make, happening, tmp_path: Path, said) -> None:
    filed, flagged, lost = (tmp_path / name for name in ("filed", "flagged", "lost"))
    make(
        Hook("filed", keeping(filed), 20),
        Hook("flagged", keeping(flagged), 20),
        Hook("quarantined", keeping(lost), 20),
    )
    happening.file()
    happening.file(flags=[{"reason": "holes", "value": 3, "place": None}])
    happening.tell(Kind.QUARANTINED, photo=3, reason="no decoder knows it")
    wait_until(lambda: len(lines(filed)) == 2 and bool(lines(flagged) and lines(lost)))
    assert [one["photo"] for one in lines(filed)] == [1, 2]
    assert [(one["photo"], one["event"]) for one in lines(flagged)] == [(2, "flagged")]
    assert [one["reason"] for one in lines(lost)] == ["no decoder knows it"]
    wait_until(lambda: sum(one["event"] == "hook.run" for one in said) == 4)


def test_what_happened_while_nobody_listened_is_heard_of_later(make, happening, tmp_path) -> None:
    heard = tmp_path / "heard"
    happening.file()  # before the hook was ever set: not of its time
    make(Hook("filed", keeping(heard), 20)).stop()
    for _ in range(3):
        happening.file()
    make(Hook("filed", keeping(heard), 20))
    wait_until(lambda: len(lines(heard)) == 3)
    assert [one["photo"] for one in lines(heard)] == [2, 3, 4]


def test_one_that_was_stopped_by_us_runs_again(make, happening, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    slow = f"import time; open({str(heard)!r}, 'a').write('begun\\n'); time.sleep(60)"
    one = make(Hook("filed", (sys.executable, "-c", slow), 100))
    happening.file()
    wait_until(heard.exists)
    began_s = time.monotonic()
    one.stop()
    assert time.monotonic() - began_s < 5
    make(Hook("filed", (sys.executable, "-c", slow), 100))
    wait_until(lambda: heard.read_text().count("begun") == 2)


def test_one_that_hangs_holds_up_no_other(make, happening, tmp_path: Path, said) -> None:
    heard = tmp_path / "heard"
    make(
        Hook("filed", ("sleep", "60"), 2),
        Hook("flagged", keeping(heard), 20),
    )
    for _ in range(2):
        happening.file(flags=[{"reason": "holes"}])
    wait_until(lambda: len(lines(heard)) == 2)
    wait_until(lambda: sum(one["event"] == "hook.failed" for one in said) == 2)
    failed = [one for one in said if one["event"] == "hook.failed"]
    assert {one["reason"] for one in failed} == {"was killed after 2 s"}
    assert [one["photo"] for one in failed] == [1, 2]


def test_no_more_run_at_once_than_may(make, happening, tmp_path: Path) -> None:
    program = (
        "import os,sys,time; here=sys.argv[1]; open(os.path.join(here, str(os.getpid())), 'w');"
        "n=len(os.listdir(here)); time.sleep(0.5); os.unlink(os.path.join(here, str(os.getpid())));"
        "open(sys.argv[2], 'a').write(f'{n}\\n')"
    )
    here, counts = tmp_path / "here", tmp_path / "counts"
    here.mkdir()
    command = (sys.executable, "-c", program, str(here), str(counts))
    make(*(Hook(event, command, 20) for event in ("filed", "flagged", "quarantined")), at_once=1)
    happening.file(flags=[{"reason": "holes"}])
    happening.tell(Kind.QUARANTINED, photo=2)
    wait_until(lambda: counts.exists() and counts.read_text().count("\n") == 3)
    assert set(counts.read_text().split()) == {"1"}


def test_it_gets_none_of_the_daemons_own_variables(make, happening, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    monkeypatch.setenv("MATTED_MODELS", "/secret")
    heard = tmp_path / "heard"
    program = f"import json,os; open({str(heard)!r}, 'w').write(json.dumps(dict(os.environ)))"
    make(Hook("filed", (sys.executable, "-c", program), 20))
    happening.file()
    wait_until(lambda: heard.exists() and heard.read_text())
    found = json.loads(heard.read_text())
    assert found["MATTED_EVENT"] == "filed"
    assert found["MATTED_PHOTO"] == "1"
    assert found["PATH"] == os.environ["PATH"]
    assert not {"NOTIFY_SOCKET", "MATTED_MODELS", "PYTHONPATH"} & found.keys()
