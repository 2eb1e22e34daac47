"""A small file is the old one or the new, whatever happens while it is written."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matting.small_file import replace_file


def test_a_file_is_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    for content in (b"first", b"second, and longer"):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["status.json"]


def test_whoever_has_the_earlier_one_open_goes_on_seeing_it(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    replace_file(path, b"first")
    with path.open("rb") as before:
        replace_file(path, b"second")
        assert before.read() == b"first"


@pytest.mark.usefixtures("unmeasured")
def test_a_disk_that_is_full_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    """No file may grow beyond a few bytes here, which is how a full disk looks to a program."""
    path = tmp_path / "status.json"
    replace_file(path, b"first")
    program = (
        "import sys; from matting.small_file import replace_file;"
        "replace_file(sys.argv[1], b'x' * 4096)"
    )

    def few_bytes() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    done = subprocess.run(
        [sys.executable, "-B", "-c", program, path],
        preexec_fn=few_bytes,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "File too large" in done.stderr
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["status.json"]


def test_a_file_gets_the_rights_that_its_opener_gives(tmp_path: Path) -> None:
    def private(path: str, flags: int) -> int:
        return os.open(path, flags, 0o600)

    replace_file(tmp_path / "mounts.json", b"{}", opener=private)
    assert (tmp_path / "mounts.json").stat().st_mode & 0o777 == 0o600


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "away" / "status.json", b"")
