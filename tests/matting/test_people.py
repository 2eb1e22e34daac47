"""Faces in real old prints are found; textures, noise and bridges stay empty."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from matting.people import Box, Person, find_people

# Centres of the faces, as fractions of width and height, read off the photos by eye.
FACES = {
    "boy-scratched.png": [(0.49, 0.44)],
    "couple-1855.jpg": [(0.30, 0.22), (0.71, 0.26)],
    "couple-1912.jpg": [(0.40, 0.37), (0.62, 0.23)],
    "girl-1870.jpg": [(0.50, 0.29)],
    "girls-1860.jpg": [(0.32, 0.21), (0.41, 0.30), (0.71, 0.40)],
    "hayes-1870s.jpg": [(0.50, 0.28)],
    "inuit-woman-1903.png": [(0.50, 0.30)],
    "lincoln-1863.jpg": [(0.46, 0.41)],
    "musician-1867.jpg": [(0.43, 0.23)],
    "seneca-1908.jpg": [(0.51, 0.19)],
}


def picture(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if image.shape[2] == 4:
        share = image[..., 3:] / 255
        image = np.rint(image[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def centres(pixels: np.ndarray) -> list[tuple[float, float]]:
    height, width = pixels.shape[:2]
    faces = [person.face for person in find_people(pixels) if person.face is not None]
    return sorted((face.centre[0] / width, face.centre[1] / height) for face in faces)


@pytest.mark.parametrize("name", FACES)
def test_every_face_of_an_old_print_is_found_and_no_other(photos_dir: Path, name: str) -> None:
    found = centres(picture(photos_dir / name))
    assert np.shape(found) == np.shape(FACES[name])
    assert np.abs(np.subtract(found, sorted(FACES[name]))).max() < 0.05


def test_a_head_whose_face_is_worn_off_is_found_by_its_outline(photos_dir: Path) -> None:
    ((x, y),) = centres(picture(photos_dir / "curly-grey.jpg"))
    assert 0.35 < x < 0.6
    assert 0.3 < y < 0.6


def test_a_head_turned_aside_is_found() -> None:
    cameraman = cv2.cvtColor(data.camera(), cv2.COLOR_GRAY2RGB)
    ((x, y),) = centres(cameraman)
    assert abs(x - 0.43) < 0.06
    assert abs(y - 0.28) < 0.06


@pytest.mark.parametrize("tilt_deg", [-20, 20])
def test_a_tilted_head_is_found(tilt_deg: int) -> None:
    astronaut = data.astronaut()
    turn = cv2.getRotationMatrix2D((224.0, 115.0), tilt_deg, 1.0)
    turned = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    ((x, y),) = centres(turned)
    assert np.hypot(x - 224 / 512, y - 115 / 512) < 0.04


def test_a_faded_face_is_found_where_it_was() -> None:
    faded = (data.astronaut() * 0.2 + 170).astype(np.uint8)
    ((x, y),) = centres(faded)
    assert np.hypot(x - 224 / 512, y - 115 / 512) < 0.04


def test_nobody_is_found_where_figures_are_specks(photos_dir: Path) -> None:
    bridge = picture(photos_dir / "bridge-1880s-nobody.jpg")
    assert find_people(bridge) == ()


@pytest.mark.parametrize("name", ["coins", "coffee", "gravel", "chelsea"])
def test_nobody_is_found_in_things_textures_and_cats(name: str) -> None:
    image = getattr(data, name)()
    assert find_people(image if image.ndim == 3 else cv2.cvtColor(image, 8)) == ()


@pytest.mark.parametrize("blur", [0.0, 5.0])
def test_nobody_is_found_in_noise(blur: float) -> None:
    noise = np.random.default_rng(7).uniform(0, 255, (300, 400, 3))
    if blur:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
    level = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    assert find_people(level) == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3), (25, 25), (240, 320)])
def test_nobody_is_found_in_flat_pictures_of_any_shape(shape: tuple[int, int]) -> None:
    assert find_people(np.full((*shape, 3), 90, np.uint8)) == ()


def test_the_largest_face_comes_first() -> None:
    face = data.astronaut()[:400, :400]
    side_by_side = np.zeros((400, 600, 3), np.uint8)
    side_by_side[100:300, :200] = cv2.resize(face, (200, 200), interpolation=cv2.INTER_AREA)
    side_by_side[:, 200:] = face
    first, second = find_people(side_by_side)
    assert first.face is not None
    assert second.face is not None
    assert first.face.width > 1.7 * second.face.width
    assert first.face.x > 200 > second.face.x


def test_the_extent_holds_head_and_shoulders_and_stays_in_the_picture() -> None:
    person = Person(Box(100, 100, 50, 50), None)
    assert person.extent(400, 300) == Box(0, 60, 250, 240)
    assert person.extent(130, 120) == Box(0, 60, 130, 60)


def test_the_extent_takes_in_the_body_that_was_seen() -> None:
    person = Person(Box(100, 100, 10, 10), Box(20, 90, 170, 110))
    assert person.extent(400, 300) == Box(20, 90, 170, 110)


def test_a_standing_figure_gets_a_body(photos_dir: Path) -> None:
    (person,) = find_people(picture(photos_dir / "musician-1867.jpg"))
    assert person.body is not None
    assert person.body.height > 600
