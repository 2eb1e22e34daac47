"""A watched folder that is not there: made on its first day, and never in place of a share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Daemon, write_photo

from daemon.intake.inbox import hindrance, make

Make = Callable[..., Daemon]


@pytest.fixture
def fstab(tmp_path: Path) -> Path:
    path = tmp_path / "fstab"
    path.write_text(
        "# a comment /nowhere\n"
        f"nas:/scans {tmp_path}/mnt/my\\040nas nfs4 defaults 0 0\n"
        "UUID=1 / ext4 defaults 0 1\n"
        "UUID=2 none swap sw 0 0\n"
    )
    return path


def test_a_folder_whose_parent_is_in_use_can_be_made(tmp_path: Path, fstab: Path) -> None:
    inbox = tmp_path / "inbox"
    assert hindrance(inbox, fstab=fstab) is None
    assert make(inbox)
    assert inbox.is_dir()
    assert not make(inbox)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("mnt/my nas", "nothing is mounted at"),
        ("mnt/my nas/inbox", "nothing is mounted at"),
        ("mnt/other/inbox", "is empty, as if something were to be mounted there"),
        ("nowhere/inbox", "is not there either"),
    ],
)
def test_a_folder_that_may_be_an_absent_shares_is_not_made(
    tmp_path: Path, fstab: Path, path: str, reason: str
) -> None:
    (tmp_path / "mnt" / "my nas").mkdir(parents=True)
    (tmp_path / "mnt" / "my nas" / "left behind").touch()
    (tmp_path / "mnt" / "other").mkdir()
    assert reason in (hindrance(tmp_path / path, fstab=fstab) or "")


def test_a_folder_that_is_known_by_a_marker_is_not_made(tmp_path: Path, fstab: Path) -> None:
    assert "known by its .here" in (hindrance(tmp_path / "in", ".here", fstab=fstab) or "")


def test_a_first_start_makes_the_inbox_and_takes_what_is_dropped_there(daemon: Make) -> None:
    """As README has it: init, check, run. The folder was paused until somebody made it."""
    one = daemon()
    one.inbox.rmdir()
    one.start()
    assert one.said("folder.made", folder=str(one.inbox))
    assert not one.said("folder.paused")
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")


def test_an_inbox_that_is_gone_later_is_waited_for(daemon: Make) -> None:
    """It may be renamed for a moment; an empty one in its place would say that all is deleted."""
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")  # so that it has been looked at, and is known
    one.stop()
    one.inbox.rename(one.root / "elsewhere")
    one.start()
    one.await_("folder.paused")
    assert not one.inbox.exists()
