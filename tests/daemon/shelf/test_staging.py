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
from daemon.machine.instance import place
from daemon.photo import Photo
from daemon.plan import Move
from daemon.shelf import rehearsal, staging

MakePhoto = Callable[..., Photo]


def test_a_stage_is_fresh_empty_and_hidden(results: Path, put: MakePhoto) -> None:
    photo = put()
    first = staging.stage(results, photo)
    assert first == bytes(results) + f"/.matted-staging/12-1-{os.getpid()}-{place()}".encode()
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
        f".matted-staging/12-1-{os.getpid()}-{place()}/0.png".encode(),
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


def test_the_sweep_keeps_what_is_being_published_and_what_we_never_name_so(
    results: Path, put: MakePhoto
) -> None:
    kept = staging.stage(results, put(photo_id=1))
    stale = staging.stage(results, put(photo_id=2))
    theirs = results / ".matted-staging" / "debris"
    theirs.write_bytes(b"")
    staging.sweep(results, keep={1})
    assert os.path.isdir(kept)
    assert not os.path.exists(stale)
    assert theirs.exists()


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


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """Somebody's folder, with names in it as ours are."""
    inner = tmp_path / "precious" / "12-1-99999999"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "0.png").write_bytes(b"precious")
        (folder / "12-report-99999999").write_bytes(b"precious")
    return inner.parent


def content(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_the_sweep_does_not_follow_symlinks(results: Path, precious: Path) -> None:
    before = content(precious)
    for name in ("9-1-99999999", "9-report-99999999", "9-1"):
        (results / ".matted-staging" / name).symlink_to(precious)
    staging.sweep(results, keep=())
    assert content(precious) == before
    assert [path.name for path in (results / ".matted-staging").iterdir()] == ["9-1"]


def test_a_staging_directory_that_is_a_link_is_neither_used_nor_emptied(
    results: Path, put: MakePhoto, precious: Path
) -> None:
    """``mv .matted-staging .old; ln -s /somebody/private .matted-staging``."""
    before = content(precious)
    photo = put()
    stage = staging.stage(results, photo)
    (results / ".matted-staging").rename(results / ".old")
    (results / ".matted-staging").symlink_to(precious)
    acts: tuple[Callable[[], object], ...] = (
        lambda: staging.stage(results, photo),
        lambda: staging.entered(results, stage).__enter__(),
        lambda: staging.seal(results, [stage + b"/0.png"], [b"a.png"]),
        lambda: staging.discard(results, photo.id),
        lambda: staging.sweep(results, keep=()),
        lambda: rehearsal.check(results),
        lambda: staging.establish(results, lambda _: None),
    )
    for act in acts:
        with pytest.raises(ResultsTrouble, match="Not a directory"):
            act()
    assert content(precious) == before


def test_a_stage_that_is_exchanged_for_a_link_takes_no_file_elsewhere(
    results: Path, put: MakePhoto, precious: Path
) -> None:
    before = content(precious)
    stage = staging.stage(results, put())
    with staging.entered(results, stage) as path:
        os.rename(stage, stage + b"-old")
        os.symlink(precious, stage)
        (path / "0.png").write_bytes(b"a matte")
    assert content(precious) == before
    assert Path(os.fsdecode(stage + b"-old"), "0.png").read_bytes() == b"a matte"


def test_directories_in_a_stage_are_not_entered(results: Path, put: MakePhoto) -> None:
    """We make none: somebody moved it there, to have it emptied."""
    photo = put()
    moved = Path(os.fsdecode(staging.stage(results, photo)), "moved")
    moved.mkdir()
    (moved / "photo.jpg").write_bytes(b"precious")
    with pytest.raises(ResultsTrouble, match="not empty"):
        staging.discard(results, photo.id)
    assert (moved / "photo.jpg").read_bytes() == b"precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can give a folder away")
def test_a_staging_directory_of_another_user_is_not_used_unless_it_is_empty(
    results: Path, put: MakePhoto
) -> None:
    """As after a chown of everything below the results, or made to be in our way."""
    inside = results / ".matted-staging"
    os.chown(inside, 12345, 12345)
    with pytest.raises(ResultsTrouble, match=r"belongs to another user \(12345\)"):
        staging.stage(results, put())
    staging.establish(results, lambda _: None)
    assert inside.stat().st_uid == 0
    (inside / "theirs").write_bytes(b"")
    os.chown(inside, 12345, 12345)
    with pytest.raises(ResultsTrouble, match="belongs to another user"):
        staging.establish(results, lambda _: None)


def test_others_may_not_enter_the_staging_directory(results: Path, put: MakePhoto) -> None:
    inside = results / ".matted-staging"
    assert inside.stat().st_mode & 0o777 == 0o700
    inside.chmod(0o777)
    staging.establish(results, lambda _: None)
    assert inside.stat().st_mode & 0o777 == 0o700
    assert os.stat(staging.stage(results, put())).st_mode & 0o777 == 0o700


def test_nothing_is_written_to_a_root_that_nobody_made_sure_of(
    tmp_path: Path, put: MakePhoto
) -> None:
    """As the bare mount point under a disk that went away a moment ago."""
    (tmp_path / "bare").mkdir()
    with pytest.raises(ResultsTrouble):
        staging.stage(tmp_path / "bare", put())
    assert list((tmp_path / "bare").iterdir()) == []


def test_a_check_does_not_say_that_a_root_is_itself(tmp_path: Path) -> None:
    rehearsal.check(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_good_result_folder_passes_the_check_and_looks_as_before(results: Path) -> None:
    rehearsal.check(results)
    rehearsal.check(results)
    assert [entry.name for entry in results.iterdir()] == [".matted-staging"]
    assert list((results / ".matted-staging").iterdir()) == []


def test_a_result_folder_that_is_away_or_a_file_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for results in (tmp_path / "away", tmp_path / "file"):
        with pytest.raises(ResultsTrouble):
            rehearsal.check(results)


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
