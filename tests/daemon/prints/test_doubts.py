"""What is not certain is not cut, and says why; what may be two says that."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from laid_prints import Picture, lay, on_platen, small

from daemon.prints import find
from daemon.prints.told import tell


def told(scan: Picture) -> str:
    """Why nothing is cut out of it."""
    doubt = find.find(scan).doubt
    assert doubt is not None
    return tell(doubt)


def wall(photos: list[Picture]) -> Picture:
    """A framed picture in a room: the wall is lit from one side, and has a texture."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[0:1000, 0:1400]
    light = 190 - 60 * ((x - 300) / 1400) ** 2 - 50 * ((y - 200) / 1000) ** 2
    texture = cv2.GaussianBlur(rng.normal(0, 30, (1000, 1400)), (0, 0), 6) * 4
    scan = np.repeat(np.clip(light + texture, 0, 255)[..., None], 3, 2).astype(np.uint8)
    lay(scan, photos[0], 500, 250, 360, 460)
    return scan


def test_a_framed_picture_in_a_room_is_not_cut_out(photos: list[Picture]) -> None:
    layout = find.find(wall(photos))
    assert tell(layout.doubt) == "what surrounds the pictures is no evenly lit platen"


def test_a_photo_does_not_lose_its_plain_sky() -> None:
    """It was taken for the platen, evenly lit as skies of old prints are, and cut off."""
    photo = np.random.default_rng(3).normal(228, 1.0, (1000, 1400, 3))
    land = cv2.GaussianBlur(np.random.default_rng(4).normal(0, 60, (700, 1400)), (0, 0), 8) * 6
    photo[300:] = np.clip(110 + land, 0, 200)[..., None]
    layout = find.find(np.clip(photo, 0, 255).astype(np.uint8))
    assert tell(layout.doubt) == (
        "print 1 reaches three edges of the scan: what is beside it may belong to it"
    )


def test_no_real_photograph_is_two_prints() -> None:
    """None of them is a scan of a platen; a margin of paper may be taken for one."""
    shared = Path(__file__).resolve().parents[4] / "shared"
    files = sorted((shared / "photos").glob("*.[jp]*g"))
    files += sorted((shared / "training").glob("*/*.jpg"))[::40]
    if len(files) < 20:
        pytest.skip("NOT TESTED: real photographs are not at hand (../shared)")
    for file in files:
        photo = np.asarray(cv2.imread(str(file)), np.uint8)[..., ::-1]
        layout = find.find(small(np.ascontiguousarray(photo))[0])
        assert layout.doubt is not None or len(layout.prints) == 1, file


def test_one_print_that_fills_the_platen_is_not_cut(photos: list[Picture]) -> None:
    layout = find.find(cv2.resize(photos[0], (1000, 1400)))
    assert layout.doubt is not None
    assert "platen" in tell(layout.doubt)


def test_an_empty_platen_says_so() -> None:
    assert told(on_platen()) == "nothing on it is as large as a print"


def test_prints_that_lie_on_each_other_are_not_cut(photos: list[Picture]) -> None:
    scan = on_platen()
    lay(scan, photos[0], 100, 100, 400, 500)
    lay(scan, photos[2], 200, 300, 420, 500)
    assert told(scan) == "print 1 meets another where no edge is to be seen: prints may overlap"


def test_what_a_print_leaves_of_another_is_not_two_prints(photos: list[Picture]) -> None:
    """It is an L, and two rectangles make an L as well; chance showed an edge where they met."""
    scan = on_platen(150)
    lay(scan, photos[2], 60, 60, 420, 520)
    lay(scan, photos[3], 240, 380, 300, 420)
    assert told(scan) == "print 1 meets another where no edge is to be seen: prints may overlap"


def test_the_rectangle_around_two_that_overlap_is_no_print() -> None:
    """It shows four fifths of its outline, and has platen in two corners."""
    scan = on_platen(20)
    scan[100:400, 100:400] = scan[170:470, 185:485] = (180, 60, 40)
    assert told(scan) == "print 1 is no rectangle: prints may overlap, or it is torn"


def test_a_print_that_lies_far_askew_is_not_cut(photos: list[Picture]) -> None:
    scan = on_platen(20, (1200, 1200))
    turn = cv2.getRotationMatrix2D((200, 250), 25, 1.0)
    turn[:, 2] += 350
    mask = cv2.warpAffine(np.full((500, 400), 255, np.uint8), turn, (1200, 1200)) > 127
    photo = cv2.warpAffine(cv2.resize(photos[0], (400, 500)), turn, (1200, 1200))
    scan[mask] = photo[mask]
    assert told(scan) == "print 1 lies 25 degrees askew"


def test_two_that_look_like_one_are_remarked_on(photos: list[Picture]) -> None:
    """Nothing is to be seen where they touch; by its shape alone it is no usual print."""
    scan = on_platen()
    lay(scan, photos[0], 60, 60, 300, 400)
    scan[600:800, 60:340] = scan[600:800, 340:620] = (180, 60, 40)
    layout = find.find(scan)
    assert layout.doubt is None
    assert layout.remarks == ("", "2.8 times as long as it is wide")


def test_prints_are_numbered_as_they_are_read(photos: list[Picture]) -> None:
    """In reasons as in names."""
    scan = on_platen()
    lay(scan, photos[0], 450, 60, 300, 400)
    lay(scan, photos[2], 50, 90, 300, 400)
    for row in range(200):  # its corner is torn off
        scan[290 + row, 150 + 200 - row : 350] = 20
    assert "print 1 is no rectangle" in told(scan)


def test_a_strip_is_no_print(photos: list[Picture]) -> None:
    scan = on_platen()
    lay(scan, photos[0], 50, 300, 700, 150)
    assert "times as long as it is wide" in told(scan)


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (64, 64)])
def test_pictures_of_any_size_get_an_answer(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert find.find(picture).doubt is not None
