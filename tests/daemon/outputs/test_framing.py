"""Shops get the person with a margin, no larger than they asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from daemon.imaging.colour import SRGB
from daemon.outputs import composition, foreground
from daemon.outputs.framing import framed
from daemon.raster import Cutout, Matte, Raster


def test_it_is_cropped_to_the_person_with_a_margin(cutout_of: Callable[..., Cutout]) -> None:
    """The disc of the fixture has its centre at (75, 90) and ends 60 pixels from it."""
    whole = cutout_of()
    tight = framed(whole, 0.0, None)
    rows, columns = np.nonzero(whole.matte.alpha >= 257)
    assert tight.raster.size == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    top, left = rows.min(), columns.min()
    height, width = tight.matte.alpha.shape
    box = slice(top, top + height), slice(left, left + width)
    assert (tight.raster.pixels == whole.raster.pixels[box]).all()
    assert (tight.foreground == whole.foreground[box]).all()
    roomy = framed(whole, 0.1, None)
    assert roomy.raster.size == (width + 2 * round(0.1 * height), height + 2 * round(0.1 * height))
    assert framed(whole, 10, None).raster.size == whole.raster.size, "no further than the photo"


def test_where_nobody_is_nothing_is_cropped(cutout_of: Callable[..., Cutout]) -> None:
    whole = cutout_of()
    nobody = replace(whole, matte=replace(whole.matte, alpha=whole.matte.alpha * 0))
    assert framed(nobody, 0.1, None).raster.size == (160, 200)


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        (100, (80, 100)),
        ((40, 1000), (40, 50)),
        (5000, (160, 200)),
        (1, (1, 1)),
        ((80, 80), (64, 80)),
    ],
)
def test_it_is_made_to_fit_and_never_larger(
    cutout_of: Callable[..., Cutout], size: object, fits: tuple[int, int], tmp_path: Path
) -> None:
    given = foreground.Options.model_validate({"size": size})
    foreground.write(cutout_of(), given, tmp_path / "out")
    with Image.open(tmp_path / "out") as image:
        assert image.size == fits
        across = 300 * fits[0] / 160
        assert image.info["dpi"][0] == pytest.approx(across, abs=0.05), "as large on paper"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_does_not_show_has_no_part_in_small_colours(dtype: type) -> None:
    """A red person before green: made smaller, no edge turns yellow as in an unweighted mean."""
    full = np.iinfo(dtype).max
    alpha = np.zeros((400, 400), np.uint16)
    cv2.circle(alpha, (200, 200), 120, 65535, -1)
    colours = np.zeros((400, 400, 3), dtype)
    colours[:] = (0, full, 0)
    colours[alpha > 0] = (full, 0, 0)
    cutout = Cutout(Raster(colours, SRGB, None), Matte(alpha, "t", "cpu", 1), colours)
    small = framed(cutout, None, 50)
    assert small.foreground is not None
    edge = (small.matte.alpha > 0) & (small.matte.alpha < 65535)
    assert edge.sum() > 50
    assert (small.foreground[edge] == (full, 0, 0)).all()
    mixed = cv2.resize(colours, (50, 50), interpolation=cv2.INTER_AREA)
    assert (mixed[edge][:, 1] > 0.1 * full).any(), "or the test would show nothing"


def test_what_was_cut_or_made_smaller_stands_in_for_no_original() -> None:
    holds = foreground.holds_photo
    assert holds(foreground.Options())
    for given in ({"trim": 0}, {"size": 4000}, {"format": "webp"}, {"format": "avif"}):
        assert not holds(foreground.Options.model_validate(given))


def test_a_composition_for_a_shop(cutout_of: Callable[..., Cutout], tmp_path: Path) -> None:
    given = {"format": "jpeg", "trim": 0.05, "size": [90, 90], "background": "white"}
    composition.write(cutout_of(), composition.Options.model_validate(given), tmp_path / "out")
    with Image.open(tmp_path / "out") as image:
        assert (image.format, max(image.size)) == ("JPEG", 90)
        corner = np.asarray(image)[0, 0]
    assert corner.min() >= 253
