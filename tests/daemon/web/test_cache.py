"""Pictures for the page take no more room than they may, and appear whole."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from daemon.web.cache import Cache


def write(size_bytes: int, name: str = "a") -> object:
    return lambda directory: (directory / name).write_bytes(bytes(size_bytes))


def test_what_was_not_looked_at_for_longest_makes_way(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "pictures", 1000)
    for key in ("1-a", "2-a", "3-a"):
        cache.make(key, write(300))  # type: ignore[arg-type] # it is called, and its answer dropped
    assert cache.find("1-a", "a") is not None  # looked at once more
    cache.make("4-a", write(300))  # type: ignore[arg-type] # as above
    found = [key for key in ("1-a", "2-a", "3-a", "4-a") if cache.find(key, "a")]
    assert found == ["1-a", "3-a", "4-a"]
    cache.make("5-a", write(5000))  # type: ignore[arg-type] # as above
    assert cache.find("5-a", "a") is not None, "one that is larger than all is shown all the same"
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["5-a"]


def test_a_new_start_knows_what_is_there_and_tidies_up(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    cache = Cache(root, 10_000)
    cache.make("1-a", write(3000))  # type: ignore[arg-type] # as above
    time.sleep(0.02)
    cache.make("2-a", write(3000))  # type: ignore[arg-type] # as above
    (root / "new-left").mkdir()
    again = Cache(root, 4000)
    assert sorted(path.name for path in root.iterdir()) == ["2-a"]
    assert again.find("2-a", "a") is not None


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "pictures", 1000)

    def half(directory: Path) -> None:
        (directory / "a").write_bytes(b"half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.make("1-a", half)
    assert cache.find("1-a", "a") is None
    assert list((tmp_path / "pictures").iterdir()) == []


def test_other_files_of_a_photo_stay_when_more_are_made(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "pictures", 1000)
    cache.make("1-a", write(10, "thumb.webp"))  # type: ignore[arg-type] # as above
    cache.make("1-a", write(20, "matte.json"))  # type: ignore[arg-type] # as above
    cache.make("1-a", write(20, "matte.json"))  # type: ignore[arg-type] # twice at once, it may be
    assert cache.find("1-a", "thumb.webp") is not None
    assert cache.find("1-a", "matte.json") is not None
