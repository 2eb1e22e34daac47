"""Nothing below a root leads out of it, and nothing there is waited for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.shelf import below
from daemon.shelf.below import Spot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def at(root: Path) -> Iterator[int]:
    with below.opened(root) as at:
        yield at


def make(at: int, relative: bytes) -> None:
    with below.directory(at, relative, make=True):
        pass


def test_directories_are_made_below_a_root_that_exists(root: Path, at: int) -> None:
    for _ in range(2):
        make(at, b"a/b//c")
    make(at, b"")
    assert (root / "a/b/c").is_dir()


def test_a_root_that_is_away_is_not_made(root: Path) -> None:
    """It may be a mount point: results would land on the disk below, unseen."""
    with pytest.raises(FileNotFoundError), below.opened(root / "away"):
        pass
    assert not (root / "away").exists()


def test_a_root_that_was_exchanged_for_a_link_is_not_opened(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    with pytest.raises(NotADirectoryError), below.opened(tmp_path / "link"):
        pass


@pytest.mark.parametrize("relative", [b"link", b"link/inner", b"real/link"])
def test_no_component_that_is_a_link_is_followed(
    root: Path, at: int, tmp_path: Path, relative: bytes
) -> None:
    (root / "real").mkdir()
    for where in (root, root / "real"):
        (where / "link").symlink_to(tmp_path)
    (tmp_path / "inner").mkdir()
    with pytest.raises(NotADirectoryError):
        make(at, relative)
    assert below.look_up(at, relative + b"/inner") is None


def test_a_directory_stays_the_one_that_was_opened(root: Path, at: int, tmp_path: Path) -> None:
    """Whatever is put in its place while it is worked in."""
    (root / "sub").mkdir()
    (tmp_path / "private").mkdir()
    with below.directory(at, b"sub") as sub:
        (root / "sub").rename(root / "old")
        (root / "sub").symlink_to(tmp_path / "private")
        with below.fresh(Spot(sub, b"new")):
            pass
    assert (root / "old/new").exists()
    assert not list((tmp_path / "private").iterdir())


@pytest.mark.parametrize("kind", ["file", "link", "closed"])
def test_a_sub_folder_of_no_use_is_named(root: Path, at: int, kind: str) -> None:
    (root / "good").mkdir()
    match kind:
        case "file":
            (root / "good/bad").write_bytes(b"")
        case "link":
            (root / "good/bad").symlink_to(root)
        case _:
            (root / "good/bad").mkdir(mode=0o500)
            if os.geteuid() == 0:
                pytest.skip("NOT TESTED: to root nothing is closed; tests/faults has a second user")
    assert below.hindrance(at, [b"good", b"bad", b"more"]) == 1
    assert below.hindrance(at, [b"good", b"new", b"more"]) is None
    assert below.hindrance(at, []) is None
