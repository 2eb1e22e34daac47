"""A folder whose share is away is not taken for an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.errors import LedgerTrouble
from daemon.intake.identity import Identities, difference
from daemon.intake.mounts import Mount

NAS = Mount("cifs", "//nas/scans", "/", "/mnt/scans", 71)
BARE = Mount("ext4", "/dev/sda2", "/", "/", 8)
DISK = Mount("ext4", "/dev/sdb1", "/", "/mnt/disk", 9)


def test_a_mount_that_is_gone_is_told_by_its_mount_point() -> None:
    assert difference(NAS, BARE) == "nothing is mounted at /mnt/scans"


def test_the_same_share_mounted_again_is_the_same() -> None:
    assert difference(NAS, Mount("cifs", "//nas/scans", "/", "/mnt/scans", 99)) is None


def test_a_disk_may_be_named_otherwise_after_a_boot() -> None:
    assert difference(DISK, Mount("ext4", "/dev/sdc1", "/", "/mnt/disk", 10)) is None


def test_another_share_in_its_place_is_told() -> None:
    other = Mount("cifs", "//other/scans", "/", "/mnt/scans", 71)
    assert "//other/scans (cifs) is mounted there instead" in str(difference(NAS, other))


def test_what_was_seen_first_is_remembered_over_restarts(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    assert Identities(tmp_path).trouble(str(folder)) is None
    again = Identities(tmp_path)
    assert again.trouble(str(folder)) is None
    folder.rmdir()
    assert again.trouble(str(folder)) == "cannot be read: No such file or directory"


def test_a_damaged_memory_is_no_reason_to_stand_still(tmp_path: Path) -> None:
    (tmp_path / "mounts.json").write_text('{"/in": {"nonsense": 1}}')
    assert Identities(tmp_path).trouble(str(tmp_path)) is None


def test_a_memory_that_cannot_be_written_is_ledger_trouble(tmp_path: Path) -> None:
    with pytest.raises(LedgerTrouble):
        Identities(tmp_path / "away").trouble(str(tmp_path))
