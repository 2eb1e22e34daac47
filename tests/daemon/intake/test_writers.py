"""A file that somebody still writes to is known, by a lease or by what /proc shows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.intake.writers import open_for_writing

HOLD = "import sys, time; f = open(sys.argv[1], sys.argv[2]); print(flush=True); time.sleep(60)"


@pytest.fixture(params=[True, False], ids=["by lease", "by /proc"])
def local(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another program, which holds a.tif open for writing."""
    (tmp_path / "a.tif").write_bytes(b"picture")
    (tmp_path / "b.tif").write_bytes(b"picture")
    command = [sys.executable, "-c", HOLD, str(tmp_path / "a.tif"), "r+"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        yield child
        child.kill()


def test_a_file_that_another_program_writes_to_is_told_from_one_that_none_does(
    writer: subprocess.Popen[bytes], tmp_path: Path, *, local: bool
) -> None:
    both = (b"a.tif", b"b.tif")
    assert open_for_writing(str(tmp_path), both, local=local) == {b"a.tif"}
    writer.kill()
    writer.wait()
    assert open_for_writing(str(tmp_path), both, local=local) == frozenset()


def test_a_reader_is_no_writer(tmp_path: Path, *, local: bool) -> None:
    (tmp_path / "a.tif").write_bytes(b"picture")
    with (tmp_path / "a.tif").open("rb"):
        assert open_for_writing(str(tmp_path), (b"a.tif",), local=local) == frozenset()


def test_names_of_all_kinds_and_files_that_are_gone(tmp_path: Path, *, local: bool) -> None:
    name = b"caf\xe9 \n\xff.tif"
    with open(os.path.join(os.fsencode(tmp_path), name), "wb"):
        found = open_for_writing(str(tmp_path), (name, b"gone.tif"), local=local)
    assert found == {name}


def test_a_link_and_a_fifo_neither_mislead_nor_hang(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"x")
    (tmp_path / "link.tif").symlink_to("other")
    os.mkfifo(tmp_path / "fifo.tif")
    began_s = time.monotonic()
    with (tmp_path / "other").open("r+b"):
        paths = (b"link.tif", b"fifo.tif")
        assert open_for_writing(str(tmp_path), paths, local=True) == frozenset()
    assert time.monotonic() - began_s < 5
