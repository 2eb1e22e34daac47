"""An original is found by its content, wherever it lies in folder and archive by now."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from daemon.errors import SourceTrouble
from daemon.photo import Photo, Version
from daemon.shelf.originals import find_original

CONTENT = b"the original"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    (tmp_path / "inbox").mkdir()
    version = Version(1, 2, len(CONTENT), 3)
    folder = str(tmp_path / "inbox")
    return Photo(7, folder, b"smith/a.png", version, 1, 0.0, filed_on=date(2026, 11, 26))


@pytest.mark.parametrize(
    "place",
    [
        "inbox/smith/a.png",
        "archive/2026-11-26/smith/a.png",
        "archive/2026-11-26/smith/a-2.png",
        "archive/2026-11-26/smith-2/a.png",
        "archive/2026-11-26-2/smith/a.png",
        "archive/2026-11-26/smith/renamed by somebody.png",
    ],
)
def test_it_is_found_where_it_lies(tmp_path: Path, photo: Photo, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    (file.parent / "b.png").write_bytes(CONTENT.swapcase())  # as large, and another one
    found = find_original([photo], SHA256, tmp_path / "archive")
    assert Path(found.decode()) == file


def test_under_another_of_its_names(tmp_path: Path, photo: Photo) -> None:
    (tmp_path / "inbox" / "renamed.png").write_bytes(CONTENT)
    found = find_original([photo, replace(photo, path=b"renamed.png")], SHA256, None)
    assert found.endswith(b"/renamed.png")


def test_neither_a_link_nor_another_content_is_it(tmp_path: Path, photo: Photo) -> None:
    (tmp_path / "inbox" / "smith").mkdir()
    (tmp_path / "precious").write_bytes(CONTENT)
    (tmp_path / "inbox" / "smith" / "a.png").symlink_to(tmp_path / "precious")
    with pytest.raises(SourceTrouble, match=r"not there any more: neither .*smith/a\.png"):
        find_original([photo], SHA256, None)
