"""Who may read and change what is filed: whoever may do so with the folder."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.shelf import rights

OTHER_GROUP = 4711
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED without root: other groups")
ENTRY = struct.Struct("<HHI")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["no umask", "the usual umask", "a strict umask"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def made(folder: Path, *, directory: bool = False) -> Path:
    """A file from a private directory, with the rights of the folder; or a directory in that."""
    private = folder / ".staging"
    private.mkdir(0o700, exist_ok=True)
    path = folder / "below" if directory else private / "a.png"
    path.mkdir() if directory else path.write_text("matte")
    with opened(folder) as at, opened(path) as one:
        rights.give(one, rights.of(at))
    if not directory:
        path = path.rename(folder / "a.png")
    return path


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    ("folder", "file", "directory"),
    [
        (0o755, "0644", "0755"),
        (0o700, "0600", "0700"),
        (0o770, "0660", "0770"),
        (0o775, "0664", "0775"),
        (0o2770, "0660", "2770"),
        (0o2775, "0664", "2775"),
        (0o777, "0666", "0777"),
        (0o1777, "0644", "0755"),
        (0o750, "0640", "0750"),
        (0o2750, "0640", "2750"),
    ],
    ids=lambda value: oct(value) if isinstance(value, int) else "",
)
def test_a_folders_rights_are_its_results_whatever_the_umask(
    folder: int, file: str, directory: str, tmp_path: Path
) -> None:
    """With the usual umask a group's folder got 0644, and its members could not change a thing."""
    results = tmp_path / "results"
    results.mkdir()
    results.chmod(folder)
    assert mode(made(results)) == file
    assert mode(made(results, directory=True)) == directory


@pytest.mark.usefixtures("umask")
@ROOT
def test_results_belong_to_the_folders_group(tmp_path: Path) -> None:
    for setgid in (0, stat.S_ISGID):
        results = tmp_path / f"results{setgid}"
        results.mkdir()
        os.chown(results, -1, OTHER_GROUP)
        results.chmod(0o770 | setgid)
        for path in (made(results), made(results, directory=True)):
            assert path.stat().st_gid == OTHER_GROUP
            assert mode(path)[-3:] in {"660", "770"}


@ROOT
def test_a_group_that_is_not_the_folders_gets_what_others_get(tmp_path: Path) -> None:
    """A daemon that is no member of the folder's group must not open it to its own."""
    results = tmp_path / "results"
    results.mkdir()
    os.chown(results, 1234, OTHER_GROUP)
    results.chmod(0o770)
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(BaseException):
            results.joinpath(".staging").mkdir(0o777)
            with opened(results) as at:
                given = rights.of(at)
            os.setgroups([])
            path = tmp_path / "a.png"
            path.touch()
            os.chown(path, 1234, 1234)
            one = os.open(path, os.O_RDWR)
            os.setgid(1234)
            os.setuid(1234)
            rights.give(one, given)
            status = 0 if stat.S_IMODE(os.fstat(one).st_mode) == 0o600 else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def listed(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(ENTRY.pack(*entry) for entry in entries)


NOBODY = 0xFFFFFFFF
EMMA = 4712


@pytest.mark.usefixtures("umask")
def test_an_access_control_list_is_passed_on(tmp_path: Path) -> None:
    """As a colleague who is named in it expects, also if it came after the staging directory."""
    results = tmp_path / "results"
    results.mkdir(0o700)
    (results / ".staging").mkdir(0o700)
    acl = listed(
        (0x01, 7, NOBODY), (0x02, 6, EMMA), (0x04, 5, NOBODY), (0x10, 7, NOBODY), (0x20, 0, NOBODY)
    )
    try:
        os.setxattr(results, "system.posix_acl_default", acl)
    except OSError as error:
        pytest.skip(f"NOT TESTED: {tmp_path} takes no access control lists: {error.strerror}")
    path = made(results)
    assert mode(path) == "0660"
    found = os.getxattr(path, "system.posix_acl_access")
    entries = set(ENTRY.iter_unpack(found[4:]))
    assert (0x02, 6, EMMA) in entries
    assert (0x10, 6, NOBODY) in entries
    below = made(results, directory=True)
    assert mode(below) == "0770"
    assert (0x02, 6, EMMA) in set(
        ENTRY.iter_unpack(os.getxattr(below, "system.posix_acl_access")[4:])
    )
    assert os.getxattr(below, "system.posix_acl_default") == acl
