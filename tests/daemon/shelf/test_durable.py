"""Renames that never replace, on file systems that help and on those that do not."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import Refused, ResultsTrouble
from daemon.shelf import durable

RENAME = """
import os, sys
from daemon.shelf.durable import rename
rename(*map(os.fsencode, sys.argv[1:]))
"""
needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace makes the kernel refuse a call"
)


def renamed_under(faults: list[str], source: Path, target: Path) -> str:
    """Rename in a child whose system calls fail; returns what it complained of."""
    calls = [argument for fault in faults for argument in ("-e", f"inject={fault}")]
    strace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=renameat2,link,linkat,unlink", *calls]
    command = [*strace, sys.executable, "-c", RENAME, str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"mine")
    return source


def test_a_file_gets_its_new_name(source: Path, tmp_path: Path) -> None:
    durable.rename(bytes(source), bytes(tmp_path / "caf\udce9"))
    assert not source.exists()
    assert (tmp_path / "caf\udce9").read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["file", "directory", "dangling symlink", "itself"])
def test_nothing_is_ever_replaced(source: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    match kind:
        case "file":
            target.write_bytes(b"theirs")
        case "directory":
            target.mkdir()
        case "dangling symlink":
            target.symlink_to("/nowhere")
        case _:
            target = source
    before = target.lstat()
    with pytest.raises(FileExistsError):
        durable.rename(bytes(source), bytes(target))
    assert target.lstat().st_ino == before.st_ino
    assert source.read_bytes() == b"mine"


@needs_strace
@pytest.mark.parametrize("error", ["EINVAL", "ENOSYS"])
def test_where_the_kernel_cannot_a_hard_link_is_made(
    source: Path, tmp_path: Path, error: str
) -> None:
    assert renamed_under([f"renameat2:error={error}"], source, tmp_path / "target") == ""
    assert not source.exists()
    assert (tmp_path / "target").read_bytes() == b"mine"


@needs_strace
def test_a_hard_link_replaces_nothing_either(source: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"theirs")
    told = renamed_under(["renameat2:error=EINVAL"], source, tmp_path / "target")
    assert "FileExistsError" in told
    assert (tmp_path / "target").read_bytes() == b"theirs"
    assert source.read_bytes() == b"mine"


@needs_strace
def test_where_neither_is_known_nothing_is_done(source: Path, tmp_path: Path) -> None:
    faults = ["renameat2:error=EINVAL", "link:error=EPERM", "linkat:error=EPERM"]
    told = renamed_under(faults, source, tmp_path / "target")
    assert "NoSafeRename" in told
    assert "cannot rename without replacing" in told
    assert source.read_bytes() == b"mine"
    assert not (tmp_path / "target").exists()


def test_directories_are_made_below_a_root_that_exists(tmp_path: Path) -> None:
    root = bytes(tmp_path)
    assert durable.make_directories(root, b"a/b//c") == root + b"/a/b/c"
    assert durable.make_directories(root, b"a/b/c") == root + b"/a/b/c"
    assert durable.make_directories(root, b"") == root
    assert (tmp_path / "a/b/c").is_dir()


def test_a_root_that_is_away_is_not_made(tmp_path: Path) -> None:
    """It may be a mount point: results would land on the disk below, unseen."""
    with pytest.raises(FileNotFoundError):
        durable.make_directories(bytes(tmp_path / "away"), b"a")
    assert not (tmp_path / "away").exists()


def test_a_small_file_is_written_whole(tmp_path: Path) -> None:
    durable.write_new(bytes(tmp_path / "a"), b"content")
    assert (tmp_path / "a").read_bytes() == b"content"


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO, errno.EXDEV]
)
def test_what_ails_the_folder_pauses(number: int) -> None:
    with (
        pytest.raises(ResultsTrouble, match="cannot be published") as trouble,
        durable.results_trouble("results cannot be published"),
    ):
        raise OSError(number, os.strerror(number), b"/results/caf\xe9")
    assert trouble.value.errno == number
    assert r"caf\xe9" in str(trouble.value)


def test_what_ails_a_name_is_the_photos_own_fault(tmp_path: Path) -> None:
    with (
        pytest.raises(Refused, match="File name too long"),
        durable.results_trouble("results cannot be published"),
    ):
        durable.make_directories(bytes(tmp_path), b"x" * 300)
