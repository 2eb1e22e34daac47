"""The daemon's own files are nobody else's business, whatever umask it was started with."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Daemon, write_photo

from daemon.machine import private

Make = Callable[..., Daemon]


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["no umask", "the usual umask", "a strict umask"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_private(tmp_path: Path) -> None:
    private.make_directory(tmp_path / "state")
    private.make_file(tmp_path / "state" / "a")
    with open(tmp_path / "state" / "b", "w", encoding="utf-8", opener=private.opener) as file:
        file.write("b")
    assert mode(tmp_path / "state") == 0o700
    assert mode(tmp_path / "state" / "a") == mode(tmp_path / "state" / "b") == 0o600


@pytest.mark.usefixtures("umask")
def test_what_was_made_for_all_to_read_becomes_private(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text("as an earlier version left it")
        (tmp_path / name).chmod(0o664)
    private.make_file(tmp_path / "a")
    os.close(private.opener(tmp_path / "b", os.O_RDWR))
    assert mode(tmp_path / "a") == mode(tmp_path / "b") == 0o600
    assert (tmp_path / "a").read_text() == "as an earlier version left it"


@pytest.mark.usefixtures("umask")
def test_all_of_the_state_is_private_while_a_photo_is_at_work(daemon: Make) -> None:
    """The ledger tells names of photos, the snapshot is one: 0644 with the usual umask."""
    one = daemon(engine={"matte_s": 1})
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.started")
    found = {path: mode(path) for path in (one.root / "state").rglob("*")}
    assert {path.name for path in found} >= {"ledger.sqlite", "lock", "snapshots", "mounts.json"}
    assert {path.name: oct(bits) for path, bits in found.items() if bits & 0o077} == {}
    assert mode(one.root / "state") == 0o700
    one.await_("photo.filed")
