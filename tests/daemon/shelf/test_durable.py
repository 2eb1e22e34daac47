"""Renames that never replace, on file systems that help and on those that do not."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.errors import ResultsTrouble
from daemon.shelf import below, durable
from daemon.shelf.below import Spot

RENAME = """
import os, sys
from daemon.shelf.below import Spot, opened
from daemon.shelf.durable import rename
with opened(os.path.dirname(sys.argv[1])) as at:
    rename(*(Spot(at, os.fsencode(os.path.basename(path))) for path in sys.argv[1:]))
"""
needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace makes the kernel refuse a call"
)


def renamed_under(faults: list[str], source: Path, target: Path) -> str:
    """Rename in a child whose system calls fail; returns what it complained of."""
    calls = [argument for fault in faults for argument in ("-e", f"inject={fault}")]
    strace = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        "trace=renameat2,link,linkat,unlink,unlinkat",
        *calls,
    ]
    command = [*strace, sys.executable, "-c", RENAME, str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"mine")
    return source


@pytest.fixture
def at(tmp_path: Path) -> Iterator[int]:
    with below.opened(tmp_path) as at:
        yield at


def test_a_file_gets_its_new_name(source: Path, tmp_path: Path, at: int) -> None:
    durable.rename(Spot(at, b"source"), Spot(at, b"caf\xe9"))
    assert not source.exists()
    assert (tmp_path / "caf\udce9").read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["file", "directory", "dangling symlink", "itself"])
def test_nothing_is_ever_replaced(source: Path, tmp_path: Path, at: int, kind: str) -> None:
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
        durable.rename(Spot(at, b"source"), Spot(at, target.name.encode()))
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


def test_a_small_file_is_written_whole(tmp_path: Path, at: int) -> None:
    for _ in range(2):
        durable.write_new(Spot(at, b"a"), b"content")
    assert (tmp_path / "a").read_bytes() == b"content"


def test_a_small_file_is_not_written_through_a_link(tmp_path: Path, at: int) -> None:
    """Somebody who knows the name beforehand could have any file of ours overwritten."""
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "a").symlink_to("precious")
    durable.write_new(Spot(at, b"a"), b"content")
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert (tmp_path / "a").read_bytes() == b"content"


def test_a_copy_has_content_and_dates(source: Path, tmp_path: Path, at: int) -> None:
    os.utime(source, ns=(10**18, 10**18 + 7))
    durable.copy_new(Spot(at, b"source"), Spot(at, b"copy"))
    assert (tmp_path / "copy").read_bytes() == b"mine"
    assert (tmp_path / "copy").stat().st_mtime_ns == 10**18 + 7


@pytest.mark.parametrize("kind", ["FIFO", "link", "directory"])
def test_what_is_no_file_is_neither_waited_for_nor_read(
    source: Path, tmp_path: Path, at: int, kind: str
) -> None:
    match kind:
        case "FIFO":
            os.mkfifo(tmp_path / "odd")
        case "link":
            (tmp_path / "odd").symlink_to(source)
        case _:
            (tmp_path / "odd").mkdir()
    with pytest.raises(OSError, match="odd"):
        durable.sha256(Spot(at, b"odd"))


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO, errno.EXDEV]
)
def test_trouble_tells_what_was_to_be_done_and_where(number: int) -> None:
    with (
        pytest.raises(ResultsTrouble, match="cannot be published") as trouble,
        durable.results_trouble("results cannot be published"),
    ):
        raise OSError(number, os.strerror(number), b"/results/caf\xe9")
    assert trouble.value.errno == number
    assert r"caf\xe9" in str(trouble.value)
