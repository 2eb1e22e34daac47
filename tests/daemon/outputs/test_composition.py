"""The person stands on the new background, and nothing else shows through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from compositions import composed
from PIL import Image
from pydantic import ValidationError

from daemon.errors import ResultsTrouble
from daemon.imaging.colour import SRGB
from daemon.outputs import composition
from daemon.raster import Cutout


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("background", "colour"),
    [("white", (255, 255, 255)), ("Navy", (0, 0, 128)), ("#202830", (32, 40, 48))],
)
def test_a_colour_stands_behind_the_person(
    cutout_of: Callable[..., Cutout],
    dtype: type,
    background: str,
    colour: tuple[int, int, int],
    tmp_path: Path,
) -> None:
    """Against Pillow's composite, and against floats for the sixteen bits that it lacks."""
    cutout = cutout_of(dtype, SRGB)
    assert cutout.foreground is not None
    back = composed(cutout, tmp_path, background=background)
    assert back.dtype == dtype
    share = (cutout.matte.alpha / 65535)[:, :, None]
    full = np.iinfo(dtype).max
    exact = cutout.foreground * share + np.array(colour) * (full / 255) * (1 - share)
    assert np.abs(back - exact).max() <= 0.51
    if dtype is np.uint8:
        mask = Image.fromarray(np.rint(cutout.matte.alpha / 257).astype(np.uint8))
        paper = Image.new("RGB", (160, 200), colour)
        pillow = Image.composite(Image.fromarray(cutout.foreground), paper, mask)
        assert np.abs(back.astype(int) - np.asarray(pillow)).max() <= 2


def test_a_colour_is_meant_in_srgb_whatever_the_photo_s_space(
    cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    back = composed(cutout_of(), tmp_path, background="red")
    assert np.abs(back[0, 0].astype(int) - (234, 51, 35)).max() <= 1  # sRGB's red in Display P3


def test_a_picture_covers_the_background(cutout_of: Callable[..., Cutout], tmp_path: Path) -> None:
    """Three upright bands; cover crops a third of the outer two away, stretch keeps them."""
    bands = np.zeros((300, 360, 3), np.uint8)
    bands[:, :120], bands[:, 120:240], bands[:, 240:] = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    Image.fromarray(bands).save(tmp_path / "bands.png")
    chosen = {"background": str(tmp_path / "bands.png")}
    covered = composed(cutout_of(icc=SRGB), tmp_path, **chosen)[195]
    stretched = composed(cutout_of(icc=SRGB), tmp_path, fit="stretch", **chosen)[195]
    assert (covered.argmax(axis=1) == 0).sum() == pytest.approx(160 / 4, abs=1)
    assert (stretched.argmax(axis=1) == 0).sum() == pytest.approx(160 / 3, abs=1)
    assert covered[80].tolist() == [0, 200, 0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_picture_is_converted_to_the_photo_s_space_and_depth(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    Image.new("RGB", (50, 50), (255, 0, 0)).save(tmp_path / "red.png")
    back = composed(cutout_of(dtype), tmp_path, background=str(tmp_path / "red.png"))
    assert back.dtype == dtype
    assert np.abs(back[0, 0] / np.iinfo(dtype).max * 255 - (234, 51, 35)).max() <= 1.2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_person_does_not_bleed_into_the_blurred_background(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    """A grey room with a bright red person in it: a blur of the whole photo turns it pink."""
    cutout = cutout_of(dtype, SRGB)
    full = np.iinfo(dtype).max
    share = (cutout.matte.alpha / 65535)[:, :, None]
    person, room = np.array([full, 0, 0]), np.full(3, full // 2)
    photo = np.rint(person * share + room * (1 - share)).astype(dtype)
    naive = cv2.GaussianBlur(photo, (0, 0), 12).astype(float)
    raster = type(cutout.raster)(photo, SRGB, None)
    red = np.broadcast_to(person, photo.shape).astype(dtype)
    back = composed(
        Cutout(raster, cutout.matte, red), tmp_path, background="blur", blur=0.06
    ).astype(float)
    outside = cutout.matte.alpha == 0
    redness = (back[:, :, 0] - back[:, :, 1])[outside] / full
    naive_redness = (naive[:, :, 0] - naive[:, :, 1])[outside] / full
    assert naive_redness.max() > 0.15  # or the test would show nothing
    assert redness.max() < 0.03


def test_a_blurred_background_keeps_its_light_and_loses_its_detail(
    cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    cutout = cutout_of(icc=SRGB)
    back = composed(cutout, tmp_path, background="blur", blur=0.03).astype(float)
    corner = slice(140, 200), slice(0, 40)
    photo = cutout.raster.pixels[corner].astype(float)
    assert np.abs(back[corner].mean(axis=(0, 1)) - photo.mean(axis=(0, 1))).max() < 12
    assert (
        np.abs(np.diff(back[corner], axis=0)).mean() < 0.4 * np.abs(np.diff(photo, axis=0)).mean()
    )


def test_a_blur_over_several_strips_and_at_a_reduced_size_shows_no_seam(
    cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    """Compared with a blur of the full photo where no person is."""
    cutout = cutout_of(icc=SRGB)
    large = cv2.resize(cutout.raster.pixels, (1680, 2100), interpolation=cv2.INTER_CUBIC)
    nobody = type(cutout.matte)(np.zeros((2100, 1680), np.uint16), "test", "cpu", 0)
    given = Cutout(type(cutout.raster)(large, SRGB, None), nobody, large)
    back = composed(given, tmp_path, background="blur", blur=0.02)
    reference = cv2.GaussianBlur(large, (0, 0), 42)
    assert np.abs(back.astype(int) - reference).max() <= 4


@pytest.mark.parametrize(
    ("background", "message"),
    [
        ("whit", "did you mean white"),
        ("#12345", "neither a colour's name"),
        ("pictures/linen.jpg", "nor an absolute path"),
        ("/nowhere/linen.jpg", "there is no picture /nowhere/linen.jpg"),
        ("", "neither a colour's name"),
    ],
)
def test_an_impossible_background_is_found_in_the_settings(background: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        composition.Options.model_validate({"background": background})


def test_a_picture_that_went_missing_later_pauses_the_results(
    cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    """It is nothing wrong with the photo, so the photo must not pay for it."""
    linen = tmp_path / "linen.png"
    Image.new("RGB", (50, 50)).save(linen)
    options = composition.Options(background=str(linen))
    linen.unlink()
    with pytest.raises(ResultsTrouble, match=r"linen\.png: cannot be read: No such file"):
        composition.write(cutout_of(), options, tmp_path / "out")
    linen.write_bytes(b"no picture" * 10)
    with pytest.raises(ResultsTrouble, match=r"linen\.png: text is not taken"):
        composition.write(cutout_of(), options, tmp_path / "out")
