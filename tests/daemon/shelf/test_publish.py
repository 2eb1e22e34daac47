"""All outputs get their names, once, over nobody's file, whatever kills us in between."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.errors import NameTaken, PlanBroken, ResultsTrouble
from daemon.photo import Photo
from daemon.plan import Plan
from daemon.shelf import staging
from daemon.shelf.publish import publish, withdraw

CONTENTS = {b"day/sub/a_matte.png": b"matte" * 1000, b"day/sub/a_cut.png": b"cut", b"b.png": b"b"}

MakePhoto = Callable[..., Photo]


@pytest.fixture
def plan(results: Path, put: MakePhoto) -> Plan:
    stage = staging.stage(results, put())
    files = [stage + b"/%d.png" % number for number in range(len(CONTENTS))]
    for path, content in zip(files, CONTENTS.values(), strict=True):
        Path(os.fsdecode(path)).write_bytes(content)
    return staging.seal(results, files, list(CONTENTS))


def visible(results: Path) -> dict[bytes, bytes]:
    """Every file a user would see."""
    return {
        bytes(path.relative_to(results)): path.read_bytes()
        for path in results.rglob("*")
        if path.is_file() and not path.is_relative_to(results / ".matted-staging")
    }


def staged(results: Path) -> list[Path]:
    return [path for path in (results / ".matted-staging").rglob("*") if path.is_file()]


def test_all_outputs_get_their_names(results: Path, plan: Plan) -> None:
    publish(plan)
    assert visible(results) == CONTENTS
    assert staged(results) == []


def test_publishing_again_changes_nothing(results: Path, plan: Plan) -> None:
    publish(plan)
    publish(plan)
    assert visible(results) == CONTENTS


@pytest.mark.parametrize("taken", list(CONTENTS))
def test_a_taken_name_publishes_none_and_replaces_nothing(
    results: Path, plan: Plan, taken: bytes
) -> None:
    theirs = results / os.fsdecode(taken)
    theirs.parent.mkdir(parents=True, exist_ok=True)
    theirs.write_bytes(b"theirs")
    with pytest.raises(NameTaken) as error:
        publish(plan)
    assert error.value.name == taken
    assert visible(results) == {taken: b"theirs"}
    renamed = plan.renamed([b"2/" + name for name in CONTENTS])
    publish(renamed)
    assert len(visible(results)) == 4


def test_a_name_taken_between_two_calls_takes_back_what_was_published(
    results: Path, plan: Plan
) -> None:
    """A crash after the first rename; then somebody puts a file under the second name."""
    (results / "day/sub").mkdir(parents=True)
    os.rename(
        os.path.join(plan.results, plan.moves[0].staged),
        os.path.join(plan.results, plan.moves[0].final),
    )
    (results / "b.png").write_bytes(b"theirs")
    with pytest.raises(NameTaken):
        publish(plan)
    assert visible(results) == {b"b.png": b"theirs"}
    assert len(staged(results)) == 3


def test_a_lost_staged_file_breaks_the_plan_and_leaves_no_half_set(
    results: Path, plan: Plan
) -> None:
    os.unlink(os.path.join(plan.results, plan.moves[1].staged))
    with pytest.raises(PlanBroken):
        publish(plan)
    assert visible(results) == {}


def test_a_staged_file_of_another_size_breaks_the_plan(results: Path, plan: Plan) -> None:
    Path(os.fsdecode(os.path.join(plan.results, plan.moves[1].staged))).write_bytes(b"cu")
    with pytest.raises(PlanBroken):
        publish(plan)
    assert visible(results) == {}


def test_a_foreign_file_of_the_planned_size_is_not_taken_for_ours(
    results: Path, plan: Plan
) -> None:
    os.unlink(os.path.join(plan.results, plan.moves[2].staged))
    (results / "b.png").write_bytes(b"x")
    with pytest.raises(PlanBroken):
        publish(plan)
    assert visible(results) == {b"b.png": b"x"}


def test_two_names_of_one_file_are_finished_to_one(results: Path, plan: Plan) -> None:
    """Where renaming is linking and unlinking, a crash may leave both."""
    os.link(os.path.join(plan.results, plan.moves[2].staged), os.path.join(plan.results, b"b.png"))
    publish(plan)
    assert visible(results) == CONTENTS
    assert (results / "b.png").stat().st_nlink == 1
    assert staged(results) == []


def test_a_result_folder_that_went_away_is_trouble_and_not_made_anew(
    results: Path, plan: Plan
) -> None:
    results.rename(results.with_name("unplugged"))
    with pytest.raises(ResultsTrouble):
        publish(plan)
    assert not results.exists()
    results.with_name("unplugged").rename(results)
    publish(plan)
    assert visible(results) == CONTENTS


def test_a_name_that_the_file_system_refuses_can_be_exchanged(results: Path, plan: Plan) -> None:
    refused = plan.renamed([b"a.png", b"x" * 300 + b".png", b"c.png"])
    with pytest.raises(ResultsTrouble) as trouble:
        publish(refused)
    assert trouble.value.errno == errno.ENAMETOOLONG
    publish(plan)
    assert visible(results) == CONTENTS


def test_what_is_published_of_a_plan_can_be_taken_back(results: Path, plan: Plan) -> None:
    """A crash after the first rename; then the second's sub-folder is of no use any more."""
    os.rename(os.path.join(plan.results, plan.moves[2].staged), bytes(results) + b"/b.png")
    (results / "day").write_bytes(b"theirs")
    with pytest.raises(ResultsTrouble):
        publish(plan)
    withdraw(plan)
    assert visible(results) == {b"day": b"theirs"}
    publish(plan.renamed([b"2/" + name for name in CONTENTS]))
    assert len(visible(results)) == 4


def test_a_sub_folder_that_is_a_link_leads_no_result_elsewhere(
    results: Path, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir()
    (results / "day").symlink_to(tmp_path / "private")
    with pytest.raises(ResultsTrouble):
        publish(plan)
    assert not list((tmp_path / "private").iterdir())
    (results / "day").unlink()
    publish(plan)
    assert visible(results) == CONTENTS


def test_a_fifo_under_a_final_name_is_somebody_elses_file(results: Path, plan: Plan) -> None:
    os.mkfifo(results / "b.png")
    with pytest.raises(NameTaken):
        publish(plan)
    os.unlink(os.path.join(plan.results, plan.moves[2].staged))
    with pytest.raises(PlanBroken):
        publish(plan)
