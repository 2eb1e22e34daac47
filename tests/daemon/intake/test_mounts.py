"""What a folder is mounted from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.intake.identity import difference
from daemon.intake.mounts import Mount, file_system, mount, sends_events


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


MOUNT = """
set -e
where="$1"
tell() { "$0" -c "import sys; from daemon.intake.mounts import mount; print(mount(sys.argv[1]))" \
    "$where"; }
tell
mount -t tmpfs disk "$where"; tell; umount "$where"
mount -t tmpfs disk "$where"; tell
mount -t tmpfs other "$where"; tell
"""


def test_a_remount_is_the_same_place_and_an_unmount_is_not(tmp_path: Path) -> None:
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, sys.executable]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    if "unshare failed" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("no file system of our own may be mounted here")
    away, before, after, other = (eval(line, {"Mount": Mount}) for line in done.stdout.splitlines())  # noqa: S307 - our own output
    assert before.file_system == "tmpfs"
    assert difference(before, after) is None
    assert difference(before, away) == f"nothing is mounted at {tmp_path}"
    assert "other (tmpfs) is mounted there instead of disk" in str(difference(before, other))


def test_a_folder_that_is_away_has_no_type(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mount(str(tmp_path / "away"))


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "vfat", "fuseblk"])
def test_local_file_systems_send_events(kind: str) -> None:
    assert sends_events(kind)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse"])
def test_network_and_fuse_file_systems_do_not(kind: str) -> None:
    assert not sends_events(kind)


def test_a_silent_share_on_a_sub_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "a folder" / "nas").mkdir(parents=True)
    script = """
    set -e
    mount -t tmpfs disk "$1/a folder"; mkdir "$1/a folder/nas"
    "$0" -c "import sys; from daemon.intake import mounts
mounts.SILENT = mounts.SILENT | {'proc'}
print(mounts.silent_below(sys.argv[1]))" "$1/a folder"
    mount -t proc proc "$1/a folder/nas"
    "$0" -c "import sys; from daemon.intake import mounts
mounts.SILENT = mounts.SILENT | {'proc'}
print(mounts.silent_below(sys.argv[1]))" "$1/a folder"
    """
    command = ["unshare", "--map-root-user", "--mount", "--pid", "--fork", "sh", "-c", script]
    done = subprocess.run(
        [*command, sys.executable, str(tmp_path)], capture_output=True, text=True, check=False
    )
    if done.returncode and "silent" not in done.stderr:
        pytest.skip(f"no file system of our own may be mounted here: {done.stderr.strip()}")
    before, after = done.stdout.splitlines()
    assert before == "()"
    assert after == f"('{tmp_path}/a folder/nas',)"
