"""What a photo's mattes are measured with, on real photos."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from daemon.bench import references, subjects
from daemon.bench.subjects import Subject
from daemon.bench.yardstick import Yardstick, prepare
from daemon.errors import PhotoError

MOST = 10**8


def subject(photo: Path, reference: Path | None) -> Subject:
    (found,) = subjects.find([str(photo)])
    return Subject(1, *found, reference)


def test_the_reference_itself_is_a_perfect_matte(photos_dir: Path, tmp_path: Path) -> None:
    true = photos_dir.parent / "mattes" / "lincoln-1863.png"
    yardstick = prepare(subject(photos_dir / "lincoln-1863.jpg", true), tmp_path, MOST)
    look = yardstick.look
    assert (look.size, look.compared_at, look.note) == ((220, 276), (220, 276), None)
    assert look.cell is not None
    assert look.cell.shape == (400, 319, 3)
    score = yardstick.score(references.read(true))
    assert score is not None
    assert (score.sad, score.iou, score.soft_error, score.soft_kept) == (0, 1, 0, 1)
    assert score.shadow_accuracy == 1


def test_holes_in_the_shadows_of_a_person_cost_its_accuracy(
    photos_dir: Path, tmp_path: Path
) -> None:
    """As a network's that goes by brightness."""
    true = photos_dir.parent / "mattes" / "lincoln-1863.png"
    yardstick = prepare(subject(photos_dir / "lincoln-1863.jpg", true), tmp_path, MOST)
    light = cv2.imread(str(photos_dir / "lincoln-1863.jpg"), cv2.IMREAD_GRAYSCALE)
    matte = references.read(true)
    matte[light < 60] = 0
    score = yardstick.score(matte)
    assert score is not None
    assert score.shadow_accuracy is not None
    assert score.shadow_accuracy < 0.5


def drawn(tmp_path: Path, size: tuple[int, int]) -> Path:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), 90, np.uint8))
    return path


def made(tmp_path: Path, photo: tuple[int, int], reference: tuple[int, int]) -> Yardstick:
    true = tmp_path / "true.png"
    cv2.imwrite(str(true), np.tile(np.linspace(0, 255, reference[0]), (reference[1], 1)))
    return prepare(subject(drawn(tmp_path, photo), true), tmp_path, MOST)


def test_a_large_matte_is_compared_at_a_small_references_size(tmp_path: Path) -> None:
    yardstick = made(tmp_path, (400, 200), (100, 50))
    assert yardstick.look.note == (
        "mattes scaled down to compare at 100 x 50 (the other is 400 x 200)"
    )
    fine = np.tile(np.linspace(0, 65535, 400), (200, 1)).astype(np.uint16)
    score = yardstick.score(fine)
    assert score is not None
    assert score.mad < 0.01


def test_a_large_reference_is_scaled_to_the_photo(tmp_path: Path) -> None:
    yardstick = made(tmp_path, (100, 50), (400, 200))
    assert yardstick.look.compared_at == (100, 50)
    assert yardstick.look.note is not None
    assert yardstick.look.note.startswith("the reference scaled down to compare at 100 x 50")


def test_what_cannot_be_compared_is_matted_all_the_same(tmp_path: Path) -> None:
    yardstick = made(tmp_path, (100, 50), (50, 100))
    assert yardstick.look.note == "not compared: the reference's shape is another one, 50 x 100"
    assert yardstick.score(np.zeros((50, 100), np.uint16)) is None
    assert yardstick.cell(np.zeros((50, 100), np.uint16)).shape == (160, 320)
    (tmp_path / "true.png").write_text("no picture")
    damaged = prepare(subject(tmp_path / "photo.png", tmp_path / "true.png"), tmp_path, MOST)
    assert damaged.look.note == "not compared: true.png is no picture of 8 or 16 bits"


def test_a_photo_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    photo = drawn(tmp_path, (100, 50))
    with pytest.raises(PhotoError, match=r"the limit is 0\.0"):
        prepare(subject(photo, None), tmp_path, 100)


def test_a_photo_in_two_given_folders_is_one_photo(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    photo = drawn(tmp_path / "a", (9, 9))
    found = subjects.find([str(tmp_path), str(tmp_path / "a"), str(photo)])
    assert [shown for shown, _ in found] == ["a/photo.png"]
