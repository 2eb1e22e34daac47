"""Staging is hidden, fresh for each attempt, and swept without touching what is being published."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.errors import ResultsTrouble
from daemon.photo import Photo
from daemon.shelf import staging
from daemon.shelf.plan import Move

MakePhoto = Callable[..., Photo]


def test_a_stage_is_fresh_empty_and_hidden(results: Path, put: MakePhoto) -> None:
    photo = put()
    first = staging.stage(results, photo)
    assert first == bytes(results) + f"/.matted-staging/12-1-{os.getpid()}".encode()
    (Path(os.fsdecode(first)) / "half.png").write_bytes(b"half")
    assert staging.stage(results, photo) == first
    assert os.listdir(first) == []
    assert staging.stage(results, replace(photo, tries=2)) != first


def test_no_stage_in_a_result_folder_that_is_away(tmp_path: Path, put: MakePhoto) -> None:
    with pytest.raises(ResultsTrouble):
        staging.stage(tmp_path / "away", put())
    assert not (tmp_path / "away").exists()


def test_a_sealed_plan_tells_size_and_content(results: Path, put: MakePhoto) -> None:
    stage = staging.stage(results, put())
    for name, content in ((b"0.png", b"matte"), (b"1.png", b"cut-out")):
        Path(os.fsdecode(stage + b"/" + name)).write_bytes(content)
    plan = staging.seal(results, [stage + b"/0.png", stage + b"/1.png"], [b"d/m.png", b"d/c.png"])
    assert plan.results == bytes(results)
    assert plan.moves[0] == Move(
        f".matted-staging/12-1-{os.getpid()}/0.png".encode(),
        b"d/m.png",
        5,
        hashlib.sha256(b"matte").hexdigest(),
    )
    assert [move.final for move in plan.renamed([b"x", b"y"]).moves] == [b"x", b"y"]


def test_a_missing_staged_file_cannot_be_sealed(results: Path, put: MakePhoto) -> None:
    stage = staging.stage(results, put())
    with pytest.raises(ResultsTrouble):
        staging.seal(results, [stage + b"/0.png"], [b"m.png"])


def test_a_photos_stages_go_and_the_others_stay(results: Path, put: MakePhoto) -> None:
    photo = put()
    stages = [staging.stage(results, replace(photo, tries=tries)) for tries in (1, 2)]
    other = staging.stage(results, replace(photo, id=123))
    staging.discard(results, photo.id)
    assert not any(os.path.exists(stage) for stage in stages)
    assert os.path.isdir(other)


def test_the_sweep_keeps_only_what_is_being_published(results: Path, put: MakePhoto) -> None:
    kept = staging.stage(results, put(photo_id=1))
    stale = staging.stage(results, put(photo_id=2))
    debris = results / ".matted-staging" / "debris"
    debris.write_bytes(b"")
    staging.sweep(results, keep={1})
    assert os.path.isdir(kept)
    assert not os.path.exists(stale)
    assert not debris.exists()


@pytest.fixture
def other_process() -> Iterator[int]:
    with subprocess.Popen(["sleep", "60"]) as other:
        yield other.pid
        other.kill()


def test_what_another_living_process_has_staged_stays(
    results: Path, put: MakePhoto, other_process: int
) -> None:
    """Of two that file into one folder, both have a photo 12."""
    ours = staging.stage(results, put())
    theirs = ours.replace(str(os.getpid()).encode(), str(other_process).encode())
    os.mkdir(theirs)
    staging.discard(results, 12)
    staging.sweep(results, keep=())
    assert not os.path.exists(ours)
    assert os.path.exists(theirs)


def test_what_a_dead_process_has_staged_goes(
    results: Path, put: MakePhoto, other_process: int
) -> None:
    theirs = staging.stage(results, put()).replace(
        str(os.getpid()).encode(), str(other_process).encode()
    )
    os.mkdir(theirs)
    os.kill(other_process, signal.SIGKILL)
    os.waitpid(other_process, 0)
    staging.discard(results, 12)
    assert not os.path.exists(theirs)


def test_the_sweep_of_a_folder_without_staging_is_nothing(tmp_path: Path) -> None:
    staging.sweep(tmp_path, keep=())
    assert list(tmp_path.iterdir()) == []


def test_the_sweep_does_not_follow_symlinks(results: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "photo.jpg").write_bytes(b"")
    (results / ".matted-staging" / "9-1").symlink_to(tmp_path / "precious")
    staging.sweep(results, keep=())
    assert (tmp_path / "precious" / "photo.jpg").exists()


def test_nothing_is_written_to_a_root_that_nobody_made_sure_of(
    tmp_path: Path, put: MakePhoto
) -> None:
    """As the bare mount point under a disk that went away a moment ago."""
    (tmp_path / "bare").mkdir()
    with pytest.raises(ResultsTrouble):
        staging.stage(tmp_path / "bare", put())
    assert list((tmp_path / "bare").iterdir()) == []


def test_a_check_does_not_say_that_a_root_is_itself(tmp_path: Path) -> None:
    staging.check(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_good_result_folder_passes_the_check_and_looks_as_before(results: Path) -> None:
    staging.check(results)
    staging.check(results)
    assert [entry.name for entry in results.iterdir()] == [".matted-staging"]
    assert list((results / ".matted-staging").iterdir()) == []


def test_a_result_folder_that_is_away_or_a_file_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for results in (tmp_path / "away", tmp_path / "file"):
        with pytest.raises(ResultsTrouble):
            staging.check(results)


def test_a_disk_that_goes_away_while_it_is_looked_at_leaves_nothing_below_it(
    tmp_path: Path,
) -> None:
    """Between the word on its identity and the first directory made there."""
    root, disk = tmp_path / "root", tmp_path / "disk"
    root.mkdir()

    def absent(_: str) -> None:
        root.rename(disk)  # what was open stays open, as on a disk that is unmounted
        root.mkdir()

    with pytest.raises(ResultsTrouble, match="another directory is in its place"):
        staging.establish(root, absent)
    assert list(root.iterdir()) == []
