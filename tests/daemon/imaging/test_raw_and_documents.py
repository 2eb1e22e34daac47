"""What cameras and editors write comes out with the right colours, or with a clear word."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path

import camera_files
import numpy as np
import pytest
import tifffile
from codec_pictures import in_three
from decoded_pictures import MOST, decoded, off

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging.decode import decode

# DNG and camera raw


def test_a_dng_is_developed_with_the_cameras_white_and_no_brightening(tmp_path: Path) -> None:
    """Grey stays grey and as dark as it was: no pixel decides how bright another one is."""
    patches = np.repeat(np.array([20, 60, 118], np.uint8), 40)
    picture = np.ascontiguousarray(np.broadcast_to(patches[None, :, None], (120, 120, 3)))
    raster = decoded(camera_files.dng(picture), tmp_path)
    assert raster.pixels.dtype == np.uint16
    assert raster.remade  # an original holds more than what was developed from it
    for column, level in ((20, 20), (60, 60), (100, 118)):
        middle = raster.pixels[20:100, column - 10 : column + 10] / 257
        assert np.abs(middle - level).max() < 1.5


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="NOT TESTED: no exiftool")
def test_a_turned_dng_comes_out_upright_with_its_exif(picture: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    path.write_bytes(camera_files.linear_dng(picture))
    told = ["-Orientation#=6", "-Artist=Emma"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *told, str(path)], check=True)
    raster = decode(path, max_pixels=MOST)
    assert off(raster, np.rot90(picture, -1)) < 0.1
    assert b"Emma" in raster.metadata.exif


def test_a_dng_with_a_preview_is_developed(picture: np.ndarray, tmp_path: Path) -> None:
    """Cameras put a small picture first; the sensor's values hang below it."""
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(
            np.zeros((50, 40, 3), np.uint8),
            photometric="rgb",
            subfiletype=1,
            subifds=1,
            extratags=camera_files.dng_tags(),
            metadata=None,
        )
        writer.write(
            camera_files.sensed(picture),
            photometric=34892,
            subfiletype=0,
            extratags=[(50714, "I", 1, 0, True), (50717, "I", 1, 60_000, True)],
            metadata=None,
        )
    assert off(decoded(out.getvalue(), tmp_path), picture) < 0.1


# Photoshop


def test_a_cmyk_document_is_converted(tmp_path: Path) -> None:
    """Ink is stored the other way round: 0 is all of it."""
    head = struct.pack(">4sH6sHIIHH", b"8BPS", 1, bytes(6), 4, 4, 4, 8, 4)
    planes = bytes([255] * 16 + [0] * 16 + [255] * 32)  # magenta alone
    raster = decoded(head + bytes(12) + struct.pack(">H", 0) + planes, tmp_path)
    red, green, blue = raster.pixels[2, 2].tolist()
    assert red > 180
    assert green < 90
    assert 90 < blue < 190
    assert raster.remade


def test_a_selection_in_a_document_eats_no_hole(picture: np.ndarray, tmp_path: Path) -> None:
    head = struct.pack(">4sH6sHIIHH", b"8BPS", 1, bytes(6), 4, 200, 160, 8, 3)
    planes = picture.transpose(2, 0, 1).tobytes() + bytes(200 * 160)
    raster = decoded(head + bytes(12) + struct.pack(">H", 0) + planes, tmp_path)
    assert (raster.pixels == picture).all()


def test_sixteen_bits_of_a_document_come_back_exactly(tmp_path: Path) -> None:
    deep = np.random.default_rng(3).integers(0, 65536, (40, 30, 3), np.uint16)
    head = struct.pack(">4sH6sHIIHH", b"8BPS", 2, bytes(6), 3, 40, 30, 16, 3)
    planes = deep.transpose(2, 0, 1).astype(">u2").tobytes()
    raster = decoded(head + bytes(8 + 8) + struct.pack(">H", 0) + planes, tmp_path)
    assert (raster.pixels == deep).all()


def test_a_document_without_a_merged_picture_is_refused_in_one_line(tmp_path: Path) -> None:
    """Saved without 'Maximize Compatibility' it holds white in its place."""
    head = struct.pack(">4sH6sHIIHH", b"8BPS", 1, bytes(6), 3, 4, 4, 8, 3)
    version = b"8BIM" + struct.pack(">HHI", 1057, 0, 5) + struct.pack(">IB", 1, 0) + b"\0"
    data = head + bytes(4) + struct.pack(">I", len(version)) + version + bytes(4)
    with pytest.raises(NotAPhoto, match=r"without a merged picture .*Maximize Compatibility"):
        decoded(data + bytes(2 + 48), tmp_path)


@pytest.mark.parametrize(("depth", "mode"), [(32, 3), (8, 9), (8, 7), (1, 0)])
def test_documents_of_other_modes_are_refused(depth: int, mode: int, tmp_path: Path) -> None:
    head = struct.pack(">4sH6sHIIHH", b"8BPS", 1, bytes(6), 3, 4, 4, depth, mode)
    with pytest.raises(NotAPhoto, match="save it with 8 or 16 bits, as grey, RGB or CMYK"):
        decoded(head + bytes(300), tmp_path)


@pytest.mark.skipif(shutil.which("gimp") is None, reason="NOT TESTED: no gimp (apt install gimp)")
def test_gimps_documents_come_back_exactly(picture: np.ndarray, tmp_path: Path) -> None:
    """8 and 16 bit, with resolution and layers."""
    batches = list[str]()
    for bits, pixels in ((8, picture), (16, picture.astype(np.uint16) * 257)):
        source, target = tmp_path / f"{bits}.tif", tmp_path / f"{bits}.psd"
        tifffile.imwrite(
            source, pixels, photometric="rgb", resolution=(300, 300), resolutionunit="INCH"
        )
        script = (
            f'(let* ((i (car (gimp-file-load RUN-NONINTERACTIVE "{source}" "x")))'
            " (d (car (gimp-image-get-active-drawable i))))"
            " (gimp-image-insert-layer i (car (gimp-layer-copy d 1)) 0 0)"
            f' (file-psd-save RUN-NONINTERACTIVE i d "{target}" "x" 1 0))'
        )
        batches += ["-b", script]
    command = ["gimp", "-i", "-d", "-f", *batches, "-b", "(gimp-quit 0)"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    for bits in (8, 16):
        raster = decode(tmp_path / f"{bits}.psd", max_pixels=MOST)
        assert raster.pixels.dtype == (np.uint16 if bits == 16 else np.uint8)
        assert off(raster, picture) < 0.01
        assert raster.dpi == (300, 300)


# JPEG 2000


def test_a_deep_and_grey_jpeg_2000_is_taken(grey: np.ndarray, tmp_path: Path) -> None:
    data = camera_files.saved(grey.astype(np.uint16) * 257, "JPEG2000")
    raster = decoded(data, tmp_path)
    assert raster.pixels.dtype == np.uint16
    assert off(raster, in_three(grey)) < 0.01


def test_a_jpeg_2000_without_a_code_stream_is_waited_for(tmp_path: Path) -> None:
    """Its boxes alone may be another format's."""
    signature = bytes.fromhex("0000000c6a5020200d0a870a")
    other = [struct.pack(">I4s", 40, kind) + bytes(32) for kind in (b"meta", b"mdat")]
    with pytest.raises(NotReady, match="no code stream"):
        decoded(signature + b"".join(other), tmp_path)
