"""The scan sees everything, and tells what it could not see."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.errors import FolderGone
from daemon.intake.ignore import Rule
from daemon.intake.scan import Scan, look, scan
from daemon.photo import Sighting, Version


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


def put(inbox: Path, path: bytes, content: bytes = b"picture") -> bytes:
    target = os.path.join(os.fsencode(inbox), path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(content)
    return target


def scanned(inbox: Path, *, recursive: bool = True, under: bytes = b"") -> Scan:
    return scan(str(inbox), recursive=recursive, rule=Rule(), under=under)


def paths(found: Scan) -> list[bytes]:
    return [sighting.path for sighting in found.sightings]


def test_a_sighting_tells_the_version_and_the_time_of_its_own_look(inbox: Path) -> None:
    target = put(inbox, b"a.jpg", b"12345")
    put(inbox, b"b.jpg")
    ticks = itertools.count(100.0)
    found = scan(str(inbox), recursive=True, rule=Rule(), clock=lambda: next(ticks))
    assert {sighting.seen_at_s for sighting in found.sightings} == {100.0, 101.0}
    first = found.sightings[0]
    assert (first.folder, first.path) == (str(inbox), b"a.jpg")
    assert first.version == Version.of(os.lstat(target))
    assert first.version.size_bytes == 5


def test_sub_folders_are_entered_only_if_asked(inbox: Path) -> None:
    put(inbox, b"a.jpg")
    put(inbox, b"album/1950/b.jpg")
    assert paths(scanned(inbox)) == [b"a.jpg", b"album/1950/b.jpg"]
    assert paths(scanned(inbox, recursive=False)) == [b"a.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        b"caf\xe9.jpg",
        b"two\nlines.jpg",
        "全家福 1962.jpg".encode(),
        b" leading and trailing .jpg",
        b"x" * 251 + b".jpg",
        b"-rf.jpg",
        b"%s.jpg",
    ],
)
def test_names_are_bytes_and_come_back_as_they_are(inbox: Path, name: bytes) -> None:
    put(inbox, b"sub/" + name)
    assert paths(scanned(inbox)) == [b"sub/" + name]


def test_only_regular_files_are_photos(inbox: Path) -> None:
    real = put(inbox, b"real.jpg")
    os.symlink(real, os.path.join(os.fsencode(inbox), b"link.jpg"))
    os.symlink("/nowhere", os.path.join(os.fsencode(inbox), b"dangling.jpg"))
    os.mkfifo(inbox / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(inbox / "socket.jpg"))
    (inbox / "album.jpg").mkdir()
    found = scanned(inbox)
    assert paths(found) == [b"real.jpg"]
    reasons = {remark.path: remark.reason for remark in found.ignored}
    assert set(reasons) == {b"link.jpg", b"dangling.jpg", b"pipe.jpg", b"socket.jpg"}
    assert "symlink" in reasons[b"link.jpg"]


def test_a_symlink_to_a_directory_is_not_entered(inbox: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", b"private.jpg")
    (inbox / "shortcut").symlink_to(tmp_path / "elsewhere")
    (inbox / "loop").symlink_to(inbox)
    assert paths(scanned(inbox)) == []


def test_ignored_directories_are_not_entered_and_not_reported(inbox: Path) -> None:
    put(inbox, b"@eaDir/thumb.jpg")
    put(inbox, b".stversions/old.jpg")
    put(inbox, b".hidden.jpg")
    found = scanned(inbox)
    assert found.sightings == found.ignored == ()


def test_trash_and_working_folders_are_not_entered_however_one_gets_there(inbox: Path) -> None:
    put(inbox, b"album/a.jpg")
    for folder in (b"@Recycle", b"album/System Volume Information", b"emma.jpg.sb-1a2b-XyZ"):
        put(inbox, folder + b"/deep/b.jpg")
    assert paths(scanned(inbox)) == [b"album/a.jpg"]
    for under in (b"@Recycle", b"album/System Volume Information/deep"):
        assert paths(scanned(inbox, under=under)) == []
    inside = b"emma.jpg.sb-1a2b-XyZ/deep/b.jpg"
    assert look(str(inbox), inside, recursive=True, rule=Rule()) is None


def test_other_files_are_reported_as_ignored(inbox: Path) -> None:
    put(inbox, b"album/notes.txt")
    assert [remark.path for remark in scanned(inbox).ignored] == [b"album/notes.txt"]


def test_empty_files_are_seen(inbox: Path) -> None:
    put(inbox, b"empty.jpg", b"")
    assert scanned(inbox).sightings[0].version.size_bytes == 0


def test_a_sub_folder_that_may_not_be_read_does_not_stop_the_scan(inbox: Path) -> None:
    """Root may read everything, so the scan is done as nobody where the tests run as root."""
    put(inbox, b"private/secret.jpg")
    put(inbox, b"public/a.jpg")
    (inbox / "private").chmod(0)
    with as_nobody(inbox):
        found = scanned(inbox)
    (inbox / "private").chmod(0o755)
    assert paths(found) == [b"public/a.jpg"]
    assert [remark.path for remark in found.trouble] == [b"private"]
    assert "Permission denied" in found.trouble[0].reason
    assert found.missing([b"private/secret.jpg", b"public/b.jpg"]) == (b"public/b.jpg",)


def test_a_folder_that_may_not_be_read_is_away(inbox: Path) -> None:
    inbox.chmod(0)
    with as_nobody(inbox.parent), pytest.raises(FolderGone, match="Permission denied"):
        scanned(inbox)


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    for directory in [folder, *folder.parents]:
        if directory.owner() == "root" and directory.stat().st_mode & 0o5 != 0o5:
            directory.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_a_complete_scan_does_not_see_is_missing(inbox: Path) -> None:
    put(inbox, b"here.jpg")
    put(inbox, b"sub/here.jpg")
    looked_for = [b"here.jpg", b"gone.jpg", b"sub/gone.jpg", b"sub/here.jpg", b"subway.jpg"]
    assert scanned(inbox).missing(looked_for) == (b"gone.jpg", b"sub/gone.jpg", b"subway.jpg")
    assert scanned(inbox, under=b"sub").missing(looked_for) == (b"sub/gone.jpg",)


def test_a_sub_tree_can_be_scanned_alone(inbox: Path, tmp_path: Path) -> None:
    put(inbox, b"a.jpg")
    put(inbox, b"new/deep/b.jpg")
    put(inbox, b".trash/c.jpg")
    put(tmp_path / "elsewhere", b"d.jpg")
    (inbox / "shortcut").symlink_to(tmp_path / "elsewhere")
    assert paths(scanned(inbox, under=b"new")) == [b"new/deep/b.jpg"]
    assert paths(scanned(inbox, under=b".trash")) == []
    assert paths(scanned(inbox, under=b"shortcut")) == []
    assert paths(scanned(inbox, under=b"vanished")) == []
    assert paths(scanned(inbox, under=b"new", recursive=False)) == []


@pytest.mark.parametrize("put_there", [None, "file"])
def test_a_folder_that_is_away_is_a_fact_of_its_own(inbox: Path, put_there: str | None) -> None:
    inbox.rmdir()
    if put_there:
        inbox.write_bytes(b"")
    with pytest.raises(FolderGone, match=r"cannot be read: (No such file|Not a directory)"):
        scanned(inbox)


def test_a_folder_exchanged_during_the_scan_proves_nothing(inbox: Path) -> None:
    """Half of one folder and half of another would make the rest look deleted."""
    put(inbox, b"a.jpg")

    def exchange() -> float:
        inbox.rename(inbox.with_name("old"))
        inbox.mkdir()
        return 0.0

    with pytest.raises(FolderGone, match="exchanged"):
        scan(str(inbox), recursive=True, rule=Rule(), clock=exchange)


def test_a_watched_folder_may_itself_be_a_symlink(inbox: Path, tmp_path: Path) -> None:
    put(inbox, b"a.jpg")
    (tmp_path / "shortcut").symlink_to(inbox)
    assert paths(scanned(tmp_path / "shortcut")) == [b"a.jpg"]


def looked(inbox: Path, path: bytes, *, recursive: bool = True) -> Sighting | None:
    return look(str(inbox), path, recursive=recursive, rule=Rule(), clock=lambda: 7.0)


def test_a_look_sees_what_a_scan_would(inbox: Path) -> None:
    target = put(inbox, b"sub/a.jpg")
    expected = Sighting(str(inbox), b"sub/a.jpg", Version.of(os.lstat(target)), 7.0)
    assert looked(inbox, b"sub/a.jpg") == expected


@pytest.mark.parametrize(
    "path", [b"no.jpg", b".trash/a.jpg", b"notes.txt", b"link.jpg", b"short/a.jpg", b"sub", b".jpg"]
)
def test_a_look_sees_nothing_that_a_scan_would_not(inbox: Path, path: bytes) -> None:
    for name in (b"sub/a.jpg", b".trash/a.jpg", b"notes.txt", b".jpg"):
        put(inbox, name)
    (inbox / "link.jpg").symlink_to(inbox / "sub/a.jpg")
    (inbox / "short").symlink_to(inbox / "sub")
    assert looked(inbox, path) is None


def test_a_look_does_not_go_deeper_than_the_scan(inbox: Path) -> None:
    put(inbox, b"sub/a.jpg")
    assert looked(inbox, b"sub/a.jpg", recursive=False) is None


def test_a_tree_deeper_than_the_stack_is_scanned(inbox: Path) -> None:
    deep = b"/".join([b"d"] * 1200)
    for depth in range(1, 1200 * 2, 2):
        os.mkdir(os.path.join(os.fsencode(inbox), deep[:depth]))
    put(inbox, deep + b"/a.jpg")
    assert paths(scanned(inbox)) == [deep + b"/a.jpg"]


@pytest.mark.usefixtures("untraced")
def test_ten_thousand_files_are_scanned_at_once(inbox: Path) -> None:
    """Measured at 55 ms on one shared core; the bound leaves room for a busy machine."""
    for number in range(10_000):
        os.mknod(os.path.join(inbox, f"IMG_{number:05}.jpg"))
    took_s = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(scanned(inbox).sightings) == 10_000
        took_s.append(time.perf_counter() - start)
    assert min(took_s) < 0.5
