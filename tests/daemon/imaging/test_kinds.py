"""What other programs write around the pixels of each kind of file is read: one kind after another.

Resolution and metadata are written by exiftool, ink by ImageMagick.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import camera_files
import cv2
import imagemagick
import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage

from daemon.errors import NotAPhoto
from daemon.imaging.decode import decode

MOST = 10**6


@pytest.fixture(scope="module")
def files(picture: np.ndarray) -> dict[str, bytes]:
    return {
        "heic": camera_files.heic(picture),
        "avif": camera_files.saved(picture, "AVIF"),
        "dng": camera_files.dng(picture),
        "psd": camera_files.psd(picture),
        "jp2": camera_files.saved(picture, "JPEG2000"),
    }


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="NOT TESTED: no exiftool")
@pytest.mark.parametrize("kind", ["heic", "avif", "dng", "psd", "jp2"])
def test_resolution_and_metadata_are_what_exiftool_wrote(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    """Of AVIF 25.4 dpi were told, which is libvips' word for nothing; of the others none were."""
    path = tmp_path / f"photo.{kind}"
    path.write_bytes(files[kind])
    told = ["-Artist=Emma", "-XMP-dc:Title=Garden", "-XResolution=300", "-YResolution=200"]
    command = ["exiftool", "-q", "-overwrite_original", *told, "-ResolutionUnit=inches", str(path)]
    subprocess.run(command, check=True)
    raster = decode(path, max_pixels=MOST)
    assert raster.dpi == (300, 200)
    assert b"Emma" in raster.metadata.exif
    assert b"Garden" in raster.metadata.xmp


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="NOT TESTED: no exiftool")
def test_the_resolution_of_a_dng_is_turned_with_it(files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    path.write_bytes(files["dng"])
    told = ["-Orientation#=6", "-XResolution=300", "-YResolution=200", "-ResolutionUnit=inches"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *told, str(path)], check=True)
    assert decode(path, max_pixels=MOST).dpi == (200, 300)


@pytest.mark.parametrize("kind", ["heic", "avif", "dng", "psd", "jp2"])
def test_where_nothing_tells_a_resolution_there_is_none(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(files[kind])
    assert decode(path, max_pixels=MOST).dpi is None


@pytest.mark.parametrize("kind", ["AVIF", "JPEG2000", "psd"])
def test_grey_stays_grey(kind: str, picture: np.ndarray, tmp_path: Path) -> None:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    out = io.BytesIO()
    if kind == "psd":
        PSDImage.frompil(Image.fromarray(grey)).save(out)
    else:
        Image.fromarray(grey).save(out, kind)
    path = tmp_path / "photo"
    path.write_bytes(out.getvalue())
    raster = decode(path, max_pixels=MOST)
    assert np.abs(raster.pixels.astype(int) - grey[:, :, None]).mean() < 2


@pytest.mark.skipif(not imagemagick.is_installed("convert"), reason=imagemagick.NOT_TESTED)
def test_a_photoshop_document_in_ink_is_as_imagemagick_wrote_it(
    picture: np.ndarray, tmp_path: Path
) -> None:
    """It makes ink without a profile, so that what it looks like is not exactly said."""
    cv2.imwrite(str(tmp_path / "photo.png"), picture[:, :, ::-1])
    command = ["convert", "photo.png", "-colorspace", "CMYK", "-depth", "8", "photo.psd"]
    subprocess.run(command, check=True, cwd=tmp_path)
    raster = decode(tmp_path / "photo.psd", max_pixels=MOST)
    assert raster.remade
    assert np.abs(raster.pixels.astype(int) - picture).mean() < 12


def test_jpeg_2000_in_ink_is_refused_by_name(picture: np.ndarray, tmp_path: Path) -> None:
    """It was called damaged, and waited for."""
    path = tmp_path / "photo.jp2"
    Image.fromarray(picture).convert("CMYK").save(path, "JPEG2000")
    with pytest.raises(NotAPhoto, match="JPEG 2000 in CMYK is not taken"):
        decode(path, max_pixels=MOST)
