"""Prints are found where they lie, to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from composed_scans import Print, Scan, composed, iou
from laid_prints import Picture, lay, on_platen, small

from daemon.prints import cutting, find
from daemon.prints.doubt import Kind


def shares(scan: Scan) -> tuple[list[float], find.Layout]:
    """How well each print was found, its IoU."""
    picture, scale = small(scan.pixels)
    layout = find.find(picture)
    found = [
        one.corners.astype(np.float32) for one in cutting.sharpened(scan.pixels, layout, scale)
    ]
    true = [one.corners(scan.per_mm) - 0.5 for one in scan.prints]
    return [max((iou(one, each) for each in found), default=0.0) for one in true], layout


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_prints_are_found_on_white_grey_and_black_platens(seed: int, photos: list[Picture]) -> None:
    scan = composed(seed, photos, dpi=100, count=3)
    found, layout = shares(scan)
    assert layout.doubt is None
    assert len(layout.prints) == len(scan.prints)
    assert min(found) > 0.97


def test_two_that_touch_are_parted(photos: list[Picture]) -> None:
    scan = on_platen()
    lay(scan, photos[0], 100, 100, 300, 420)
    lay(scan, photos[2], 400, 180, 320, 240)
    layout = find.find(scan)
    assert layout.doubt is None
    sizes = sorted((round(one.width), round(one.height)) for one in layout.prints)
    assert np.abs(np.array(sizes) - [(300, 420), (320, 240)]).max() <= 2


def sizes(layout: find.Layout) -> list[tuple[int, int]]:
    return sorted((round(one.width), round(one.height)) for one in layout.prints)


def test_three_in_a_row_that_touch_are_parted(photos: list[Picture]) -> None:
    """Their outline has notches on one side alone."""
    scan = on_platen()
    lay(scan, photos[0], 60, 100, 200, 300)
    lay(scan, photos[2], 260, 100, 250, 260)
    lay(scan, photos[3], 510, 100, 240, 400)
    layout = find.find(scan)
    assert layout.doubt is None
    expected = [(200, 300), (240, 400), (250, 260)]
    assert np.abs(np.array(sizes(layout)) - expected).max() <= 3


def test_a_print_over_anothers_corner_is_found_and_so_is_the_other(photos: list[Picture]) -> None:
    scan = on_platen(150)
    lay(scan, photos[3], 100, 100, 300, 400)
    lay(scan, photos[0], 360, 450, 320, 420)
    layout = find.find(scan)
    assert layout.doubt is None
    assert np.abs(np.array(sizes(layout)) - [(300, 400), (320, 420)]).max() <= 3


def test_a_print_as_dark_as_the_platen_in_one_corner_is_found(photos: list[Picture]) -> None:
    """A quarter of it is platen by its colour; its edges are to be seen all the same."""
    scan = on_platen(20)
    photo = cv2.resize(photos[0], (400, 500)).astype(np.float32)
    down, across = np.mgrid[0:1:500j, 0:1:400j]
    photo = 24 + (photo - 24) * np.clip(2.2 * (across + down) - 1.2, 0, 1)[..., None]
    photo += np.random.default_rng(2).normal(0, 1.0, photo.shape)
    scan[200:700, 150:550] = np.clip(photo, 0, 255)
    layout = find.find(scan)
    assert layout.doubt is None
    (one,) = layout.prints
    assert abs(one.width - 400) < 5
    assert abs(one.height - 500) < 5


def test_what_looks_out_from_below_a_print_is_not_passed_over(photos: list[Picture]) -> None:
    """Only a strip of it is to be seen, which is no print; it is not silently left out."""
    scan = on_platen(150)
    lay(scan, photos[0], 100, 130, 300, 400)
    scan[250:430, 400:450] = cv2.resize(photos[3], (50, 180))
    layout = find.find(scan)
    assert layout.doubt is not None
    assert layout.doubt.kind is Kind.NO_RECTANGLE


def test_a_print_with_the_platens_colour_in_it_is_whole(photos: list[Picture]) -> None:
    scan = on_platen()
    photo = cv2.resize(photos[0], (400, 500))
    photo[150:300, 100:300] = 20
    lay(scan, photo, 200, 200, 400, 500)
    (one,) = find.find(scan).prints
    assert abs(one.width - 400) < 3
    assert abs(one.height - 500) < 3


def test_white_borders_on_a_white_platen_belong_to_the_print(photos: list[Picture]) -> None:
    scan = on_platen(248)
    scan[200:640, 150:510] = np.clip(scan[200:640, 150:510].astype(int) - [3, 5, 9], 0, 255)
    lay(scan, photos[0], 170, 220, 320, 400)
    (one,) = find.find(scan).prints
    assert abs(one.width - 360) < 4
    assert abs(one.height - 440) < 4


def test_a_broad_border_as_white_as_the_platen_belongs_to_the_print(photos: list[Picture]) -> None:
    """A fifth of the print, that is not in what was seen of it: nothing is missing for all that."""
    scan = on_platen(246)
    scan[200:640, 150:510] = np.clip(scan[200:640, 150:510].astype(int) - [2, 3, 5], 0, 255)
    lay(scan, photos[0], 172, 222, 316, 396)
    layout = find.find(scan)
    assert layout.doubt is None
    assert layout.remarks == ("",)
    assert np.abs(np.array(sizes(layout)) - [(360, 440)]).max() <= 3


def test_paper_as_white_as_the_platen_around_an_oval_belongs_to_the_print(
    photos: list[Picture],
) -> None:
    """It is below the noise of one pixel, and without it nothing there is a rectangle."""
    scan = on_platen(248)
    paper = scan[100:600, 80:430]
    paper[:] = np.clip(paper.astype(int) - [1, 2, 4], 0, 255)
    oval = cv2.ellipse(np.zeros((500, 350), np.uint8), (175, 250), (165, 240), 0, 0, 360, 1, -1)
    paper[oval > 0] = cv2.resize(photos[0], (350, 500))[oval > 0]
    lay(scan, photos[3], 430, 240, 320, 260)
    layout = find.find(scan)
    assert layout.doubt is None
    assert np.abs(np.array(sizes(layout)) - [(320, 260), (350, 500)]).max() <= 4


def test_a_seam_need_not_be_seen_where_the_outline_tells_that_a_print_ends() -> None:
    """Half of the side lies open to the platen: nothing is hidden, and they cannot be one."""
    scan = on_platen(20)
    scan[80:380, 80:380] = scan[380:680, 230:530] = (180, 60, 40)
    layout = find.find(scan)
    assert layout.doubt is None
    assert np.abs(np.array(sizes(layout)) - [(300, 300), (300, 300)]).max() <= 2


def test_prints_come_in_the_order_in_which_people_read(photos: list[Picture]) -> None:
    scan = on_platen()
    places = [(60, 80), (440, 50), (80, 600), (430, 640)]
    for x, y in places:
        lay(scan, photos[0], x, y, 280, 380)
    prints = find.find(scan).prints
    assert [(round(one.x - 139.5), round(one.y - 189.5)) for one in prints] == [
        pytest.approx(place, abs=2) for place in places
    ]


@pytest.mark.parametrize("degrees", [-7.0, -0.4, 0.0, 3.3, 8.0])
def test_a_print_is_straightened(degrees: float, photos: list[Picture]) -> None:
    """The cut-out is the photo itself, to half a pixel."""
    photo = cv2.resize(photos[0], (600, 800), interpolation=cv2.INTER_AREA)
    photo = cv2.GaussianBlur(photo, (0, 0), 1.2)
    scan = on_platen(150, (1500, 1200))
    middle = (600.0, 720.0)
    turn = cv2.getRotationMatrix2D((299.5, 399.5), -degrees, 1.0)
    turn[:, 2] += np.array(middle) - (299.5, 399.5)
    size = scan.shape[1], scan.shape[0]
    mask = cv2.warpAffine(np.full(photo.shape[:2], 255, np.uint8), turn, size) > 127
    scan[mask] = cv2.warpAffine(photo, turn, size, flags=cv2.INTER_CUBIC)[mask]
    picture, scale = small(scan)
    layout = find.find(picture)
    assert layout.doubt is None
    (one,) = cutting.sharpened(scan, layout, scale)
    assert abs(one.degrees - degrees) < 0.15
    cut = cutting.cut(scan, one)
    assert np.abs(np.array(cut.shape[:2]) - (798, 598)).max() <= 3
    height, width = min(cut.shape[0], 798), min(cut.shape[1], 598)
    inner = photo[1 : height + 1, 1 : width + 1]
    assert np.abs(cut[:height, :width].astype(int) - inner).mean() < 6


def test_a_straight_print_keeps_its_pixels_in_16_bit(photos: list[Picture]) -> None:
    scan = on_platen(150).astype(np.uint16) * 257
    photo = cv2.resize(photos[0], (400, 500)).astype(np.uint16) * 257 + 3
    scan[200:700, 100:500] = photo
    layout = find.find((scan >> 8).astype(np.uint8))
    (one,) = layout.prints
    cut = cutting.cut(scan, one)
    assert cut.dtype == np.uint16
    height, width = cut.shape[:2]
    at = [(y, x) for y in range(501 - height) for x in range(401 - width)]
    assert len(at) < 20
    assert any((cut == photo[y : y + height, x : x + width]).all() for y, x in at)


def test_two_of_one_width_that_touch_are_parted(photos: list[Picture]) -> None:
    """Together they fill a rectangle, which is longer than prints are."""
    scan = on_platen()
    lay(scan, photos[0], 60, 100, 300, 300)
    lay(scan, photos[3], 360, 100, 360, 300)
    layout = find.find(scan)
    assert layout.doubt is None
    assert np.abs(np.array(sizes(layout)) - [(300, 300), (360, 300)]).max() <= 3


def test_the_truth_of_composed_scans_is_true(photos: list[Picture]) -> None:
    """Where no print lies by its own account, there is platen."""
    scan = composed(3, photos, dpi=60, count=3)
    covered = np.zeros(scan.pixels.shape[:2], np.uint8)
    for one in scan.prints:
        assert isinstance(one, Print)
        cv2.fillConvexPoly(covered, np.round(one.corners(scan.per_mm)).astype(np.int32), 1)
    outside = scan.pixels[cv2.dilate(covered, np.ones((9, 9), np.uint8)) == 0]
    assert np.median(np.abs(outside.astype(int) - np.median(outside, axis=0))) < 6
