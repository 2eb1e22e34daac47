"""What a folder is mounted from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from daemon.intake.mounts import file_system, mount, sends_events


@pytest.mark.parametrize("folder", ["/", "/proc", "/dev", "/tmp"])  # noqa: S108 - only looked at
def test_the_type_is_what_findmnt_says(folder: str) -> None:
    command = ["findmnt", "--noheadings", "--output", "FSTYPE,SOURCE,FSROOT", "--target", folder]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    found = mount(folder)
    assert found.file_system == told[0]
    assert found.device == os.stat(folder).st_dev


def test_a_symlink_is_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "shortcut").symlink_to("/proc")
    assert file_system(str(tmp_path / "shortcut")) == "proc"


def test_a_folder_that_is_away_has_no_type(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mount(str(tmp_path / "away"))


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "vfat", "fuseblk"])
def test_local_file_systems_send_events(kind: str) -> None:
    assert sends_events(kind)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse"])
def test_network_and_fuse_file_systems_do_not(kind: str) -> None:
    assert not sends_events(kind)
