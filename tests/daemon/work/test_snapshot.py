"""The private copy: exactly the version that settled, or a clear word on why not."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.errors import Changed, NotReady, ResultsTrouble, SourceTrouble
from daemon.photo import Version
from daemon.work import snapshot as copying
from daemon.work.snapshot import copy_in

SIZE = 5 << 20


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.tif"
    path.write_bytes(os.urandom(SIZE))
    return path


def copy(source: Path, snapshot: Path, expected: Version | None = None) -> str:
    settled = expected or Version.of(source.stat())
    return copy_in(os.fsencode(source), os.fsencode(snapshot), settled)


def test_the_copy_has_the_same_bytes_and_their_sha256(source: Path, tmp_path: Path) -> None:
    (tmp_path / "snapshot").write_text("an older one")
    digest = copy(source, tmp_path / "snapshot")
    assert (tmp_path / "snapshot").read_bytes() == source.read_bytes()
    assert digest == hashlib.sha256(source.read_bytes()).hexdigest()


def test_a_file_on_a_file_system_that_was_mounted_anew_is_the_same(
    source: Path, tmp_path: Path
) -> None:
    """The ledger may have noted it before a reboot; device numbers do not outlive one."""
    settled = Version.of(source.stat())
    assert copy(source, tmp_path / "snapshot", replace(settled, device=settled.device + 1))


def appended(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def truncated(path: Path) -> None:
    os.truncate(path, SIZE - 1)


def overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))  # where the clock ticks every 4 ms


def replaced(path: Path) -> None:
    other = path.with_suffix(".new")
    shutil.copy2(path, other)
    other.rename(path)


CHANGES = (appended, truncated, overwritten, replaced)


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changed_since_it_settled_is_not_ready(
    change: Callable[[Path], None], source: Path, tmp_path: Path
) -> None:
    settled = Version.of(source.stat())
    change(source)
    with pytest.raises(NotReady, match="changed"):
        copy(source, tmp_path / "snapshot", settled)


@pytest.fixture
def slow_snapshot(tmp_path: Path) -> Iterator[tuple[Path, threading.Thread]]:
    """A snapshot that stops taking bytes after the first few, until its reader is started."""
    path = tmp_path / "snapshot"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    first = os.open(path, os.O_WRONLY)  # so that the reader waits for copy_in to open it

    def drain() -> None:
        while os.read(descriptor, 1 << 20):
            pass

    reader = threading.Thread(target=drain)
    yield path, reader
    os.close(first)
    reader.join(10)
    os.close(descriptor)


@pytest.mark.parametrize("change", [appended, truncated, overwritten])
def test_a_file_that_changes_while_it_is_copied_is_not_ready(
    change: Callable[[Path], None], source: Path, slow_snapshot: tuple[Path, threading.Thread]
) -> None:
    """A FIFO holds 64 KiB, so the copy certainly stands in the middle when the file changes."""
    snapshot, reader = slow_snapshot
    caught: list[BaseException] = []

    def attempt(settled: Version) -> None:
        try:
            copy(source, snapshot, settled)
        except NotReady as error:
            caught.append(error)

    copying = threading.Thread(target=attempt, args=(Version.of(source.stat()),))
    copying.start()
    copying.join(0.2)
    assert copying.is_alive()
    change(source)
    reader.start()
    copying.join(10)
    assert "changed while it was read" in str(caught[0])


def test_a_file_replaced_while_it_is_copied_is_copied_as_it_was(
    source: Path, slow_snapshot: tuple[Path, threading.Thread]
) -> None:
    """The open file is the version that settled; the new one will settle in its turn."""
    snapshot, reader = slow_snapshot
    digests: list[str] = []
    content = source.read_bytes()
    settled = Version.of(source.stat())
    copying = threading.Thread(target=lambda: digests.append(copy(source, snapshot, settled)))
    copying.start()
    copying.join(0.2)
    source.with_suffix(".new").write_bytes(b"another photo")
    source.with_suffix(".new").rename(source)
    reader.start()
    copying.join(10)
    assert digests == [hashlib.sha256(content).hexdigest()]


def refused(source: Path, tmp_path: Path) -> SourceTrouble:
    with pytest.raises(SourceTrouble) as caught:
        copy(source, tmp_path / "snapshot", Version(1, 2, 3, 4))
    assert not (tmp_path / "snapshot").exists()
    return caught.value


def test_a_symlink_is_refused_in_plain_words(source: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.tif"
    link.symlink_to(source)
    error = refused(link, tmp_path)
    assert (error.errno, str(error)) == (errno.ELOOP, "is a symlink; it is not followed")


def test_a_file_that_vanished_is_trouble_of_the_source(tmp_path: Path) -> None:
    error = refused(tmp_path / "gone.tif", tmp_path)
    assert (error.errno, str(error)) == (errno.ENOENT, "cannot be read: No such file or directory")


def test_what_is_no_longer_a_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.tif")
    (tmp_path / "folder.tif").mkdir()
    for name in ("fifo.tif", "folder.tif"):
        assert str(refused(tmp_path / name, tmp_path)) == "is not a regular file"


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.tif"))
        assert "cannot be read" in str(refused(tmp_path / "socket.tif", tmp_path))


def test_an_unreadable_file_is_trouble_of_the_source(source: Path, tmp_path: Path) -> None:
    source.chmod(0)
    code = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from daemon.work import snapshot as copying
from daemon.work.snapshot import copy_in
from daemon.errors import SourceTrouble
from daemon.photo import Version
try:
    copy_in(sys.argv[1].encode(), sys.argv[2].encode(), Version.of(Path(sys.argv[1]).stat()))
except SourceTrouble as error:
    print(error.errno, error)
"""
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", code, str(source), str(tmp_path / "snapshot"), root]
    done = subprocess.run(
        [*WITHOUT_POWERS, *command], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"{errno.EACCES} cannot be read: Permission denied\n"


WITHOUT_POWERS = (
    (
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
    )
    if os.geteuid() == 0
    else ()
)


@pytest.fixture
def _small_files() -> Iterator[None]:
    """The last bytes of ``source`` find no room: a write is cut short, the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE - 1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_no_more_is_copied_than_the_version_had(source: Path, tmp_path: Path) -> None:
    """Room is made sure of for so much; a file that grows without end must not fill the disk."""
    expected = Version.of(source.stat())
    with source.open("ab") as growing:
        growing.truncate(expected.size_bytes + (64 << 20))
        reader = os.open(source, os.O_RDONLY)
        try:
            with pytest.raises(Changed, match="changed while it was read"):
                copying._copy(reader, os.fsencode(tmp_path / "snapshot"), expected.size_bytes)
        finally:
            os.close(reader)
    assert (tmp_path / "snapshot").stat().st_size <= expected.size_bytes


def test_a_full_disk_is_no_fault_of_the_photo(source: Path) -> None:
    with pytest.raises(ResultsTrouble, match="no private copy") as caught:
        copy(source, Path("/dev/full"))
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.usefixtures("source", "_small_files")
def test_a_disk_that_fills_up_with_the_last_bytes_is_no_fault_of_the_photo(
    source: Path, tmp_path: Path
) -> None:
    """The write that meets the limit is cut short, and says so in its result alone."""
    with pytest.raises(ResultsTrouble) as caught:
        copy(source, tmp_path / "snapshot")
    assert caught.value.errno == errno.EFBIG


def test_a_snapshot_that_cannot_be_made_is_no_fault_of_the_photo(
    source: Path, tmp_path: Path
) -> None:
    with pytest.raises(ResultsTrouble, match="no private copy"):
        copy(source, tmp_path / "nowhere" / "snapshot")
