"""What phones take comes out upright, in its depth and with its colours."""

from __future__ import annotations

import io
from pathlib import Path

import camera_files
import numpy as np
import pillow_heif
import pytest
from codec_pictures import in_three
from decoded_pictures import MOST, decoded, off
from PIL import Image

from daemon.errors import NotReady
from daemon.imaging.decode import decode


def test_a_heic_whose_end_is_zeros_is_never_taken(files: dict[str, bytes], tmp_path: Path) -> None:
    data = files["heic"]
    half = len(data) // 2
    path = tmp_path / "photo"
    path.write_bytes(data[:half] + bytes(len(data) - half))
    with pytest.raises(NotReady, match="ends in zeros"):
        decode(path, max_pixels=MOST, last_look=True)


def test_ten_bits_stay_more_than_eight(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 1024).astype(np.uint16)
    deep = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (64, 1024, 3)))
    raster = decoded(camera_files.heic(deep, quality=-1), tmp_path)
    assert raster.pixels.dtype == np.uint16
    assert len(np.unique(raster.pixels[32, :, 1])) > 600
    assert np.abs(raster.pixels.astype(int) - deep).mean() < 100


def test_a_grey_heic_is_grey(grey: np.ndarray, tmp_path: Path) -> None:
    raster = decoded(camera_files.heic(grey), tmp_path)
    assert off(raster, in_three(grey)) < 2


def turned_heic(picture: np.ndarray, orientation: int) -> bytes:
    """As phones write it: the picture lies as the sensor does, and a box says how to turn it."""
    made = pillow_heif.from_bytes(
        mode="RGB", size=(picture.shape[1], picture.shape[0]), data=picture.tobytes()
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    made.info["exif"] = exif.tobytes()
    out = io.BytesIO()
    made.save(out, quality=95, chroma=444)
    return out.getvalue()


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_heic_is_turned_once(picture: np.ndarray, orientation: int, tmp_path: Path) -> None:
    upright = {3: np.rot90(picture, 2), 6: np.rot90(picture, -1), 8: np.rot90(picture)}
    data = turned_heic(picture, orientation)
    raster = decoded(data, tmp_path)
    with Image.open(io.BytesIO(data)) as image:  # pillow_heif's own opinion
        reference = np.asarray(image.convert("RGB"))
    assert off(raster, reference) < 1
    assert off(raster, upright[orientation]) < 4


def test_a_wide_gamut_heic_keeps_its_profile(
    picture: np.ndarray, wide_gamut: bytes, tmp_path: Path
) -> None:
    made = pillow_heif.from_bytes(mode="RGB", size=(160, 200), data=picture.tobytes())
    made.info["icc_profile"] = wide_gamut
    made.info["icc_profile_type"] = "prof"
    out = io.BytesIO()
    made.save(out, quality=95, chroma=444)
    raster = decoded(out.getvalue(), tmp_path)
    assert raster.icc == wide_gamut
    assert off(raster, picture) < 4


def test_display_p3_told_by_numbers_is_heeded(picture: np.ndarray, tmp_path: Path) -> None:
    """Android's cameras write code points in place of a profile."""
    data = camera_files.heic(picture, color_primaries=12, transfer_characteristics=13)
    raster = decoded(data, tmp_path)
    assert "H.273 primaries 12".encode("utf-16-be") in raster.icc


def test_exif_and_xmp_of_a_heic_are_carried(picture: np.ndarray, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Emma, 1926"
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a>Emma</a></x:xmpmeta>"
    raster = decoded(camera_files.heic(picture, exif=exif.tobytes(), xmp=packet), tmp_path)
    assert b"Emma, 1926" in raster.metadata.exif
    assert b"<a>Emma</a>" in raster.metadata.xmp
