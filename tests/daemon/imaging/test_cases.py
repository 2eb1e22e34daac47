"""Files from public bug reports, which are not part of the project, come out as they should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from daemon.errors import NotReady
from daemon.imaging.colour import SRGB, to_srgb8
from daemon.imaging.decode import decode
from daemon.imaging.encode import write_png, write_tiff
from daemon.raster import Raster


@pytest.fixture(scope="session")
def cases() -> Path:
    folder = Path(__file__).resolve().parents[4] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases in {folder}, so these real files are not tried")
    return folder


def demand_written(raster: Raster, tmp_path: Path) -> None:
    for write in (write_png, write_tiff):
        write(tmp_path / "out", raster.pixels, icc=raster.icc, dpi=raster.dpi)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("jpeg-warning-is-not-damage/extraneous_hdr.jpg", (320, 320)),
        ("jpeg-warning-is-not-damage/jfif_rev002.jpg", (320, 320)),
        ("jpeg-warning-is-not-damage/jfif_rev2.jpg", (320, 320)),
        ("tiff-thumbnail-first/thumb_first.tif", (160, 160)),
        ("icc-that-libpng-refuses/icc_odd_len.jpg", (320, 320)),
        ("icc-that-libpng-refuses/icc_padded.jpg", (320, 320)),
        ("colour-space-not-in-icc/_DSC0001_adobergb_r03.jpg", (320, 320)),
        ("colour-space-not-in-icc/png_gama_chrm_adobergb.png", (320, 320)),
        ("webp-exif-resolution/exif_res_0_0.webp", (320, 320)),
        ("webp-exif-resolution/exif_res_72_0.webp", (320, 320)),
        ("jfif-extension/camera.jfif", (160, 160)),
    ],
)
def test_it_is_filed_without_a_word(
    cases: Path, name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    raster = decode(cases / name, max_pixels=10**6)
    assert raster.size == size
    assert raster.warnings == ()
    if name.startswith("webp"):
        assert raster.dpi is None
    demand_written(raster, tmp_path)


def test_a_garbage_pointer_behind_page_1_is_waited_for_and_then_filed(cases: Path) -> None:
    path = cases / "tiff-chain-behind-page-1" / "next_ifd_garbage.tif"
    with pytest.raises(NotReady):
        decode(path, max_pixels=10**6)
    raster = decode(path, max_pixels=10**6, last_look=True)
    assert raster.size == (160, 160)
    assert len(raster.warnings) == 1


def test_a_header_that_is_written_last_is_waited_for(cases: Path) -> None:
    with pytest.raises(NotReady):
        decode(cases / "tiff-header-last" / "hdr_last.tif", max_pixels=10**6)


@pytest.mark.parametrize("name", ["_DSC0001_adobergb_r03.jpg", "png_gama_chrm_adobergb.png"])
def test_adobe_rgb_is_seen_in_its_colours(cases: Path, name: str) -> None:
    """Compared with the formulas of the standard; taken for sRGB it was dull."""
    raster = decode(cases / "colour-space-not-in-icc" / name, max_pixels=10**6)
    with Image.open(cases / "colour-space-not-in-icc" / name) as image:
        pixels = np.asarray(image.convert("RGB"))
    xyz = (pixels / 255) ** (563 / 256) @ np.array(
        [[0.57667, 0.29734, 0.02703], [0.18556, 0.62736, 0.07069], [0.18823, 0.07529, 0.99134]]
    )
    to_srgb = [[3.2406, -0.9689, 0.0557], [-1.5372, 1.8758, -0.2040], [-0.4986, 0.0415, 1.0570]]
    light = np.clip(xyz @ np.array(to_srgb), 0, 1)
    truth = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert raster.icc != SRGB
    assert np.abs(truth - pixels).mean() > 2  # or the test would show nothing
    assert np.abs(to_srgb8(raster) - truth).mean() < 1
