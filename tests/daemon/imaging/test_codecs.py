"""What phones, cameras and editors write comes out with the right colours, or with a clear word."""

from __future__ import annotations

import errno
import io
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import camera_files
import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from daemon.errors import NotAPhoto, NotReady, SourceTrouble, TooManyPixels
from daemon.imaging import hollow
from daemon.imaging.codecs import CODECS
from daemon.imaging.decode import decode
from daemon.imaging.formats import Format
from daemon.imaging.opening import Opened
from daemon.raster import Raster

MOST = 10**6


def decoded(data: bytes, tmp_path: Path, *, max_pixels: int = MOST) -> Raster:
    path = tmp_path / "photo"
    path.write_bytes(data)
    return decode(path, max_pixels=max_pixels)


def off(raster: Raster, picture: np.ndarray) -> float:
    """Mean difference from a picture of 8 bits, in its levels."""
    full = 65535 if raster.pixels.dtype == np.uint16 else 255
    assert raster.pixels.shape == picture.shape
    return float(np.abs(raster.pixels / full * 255 - picture).mean())


def in_three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)


@pytest.fixture(scope="module")
def grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def made_of(picture: np.ndarray) -> dict[str, bytes]:
    return {
        "heic": camera_files.heic(picture),
        "avif": camera_files.saved(picture, "AVIF"),
        "dng": camera_files.dng(picture),
        "linear dng": camera_files.linear_dng(picture),
        "psd": camera_files.psd(picture),
        "jp2": camera_files.saved(picture, "JPEG2000"),
        "j2k": camera_files.saved(picture, "JPEG2000", no_jp2=True),
    }


@pytest.fixture(scope="module")
def files(picture: np.ndarray) -> dict[str, bytes]:
    return made_of(picture)


KINDS = ("heic", "avif", "dng", "linear dng", "psd", "jp2", "j2k")


@pytest.mark.parametrize("kind", KINDS)
def test_more_pixels_than_allowed_are_refused_before_they_are_decoded(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.raises(TooManyPixels, match="160 x 200"):
        decoded(files[kind], tmp_path, max_pixels=160 * 200 - 1)
    assert decoded(files[kind], tmp_path, max_pixels=160 * 200).size == (160, 200)


HUGE = 60_000


def huge_psd(_: np.ndarray) -> bytes:
    head = struct.pack(">4sH6sHIIHH", b"8BPS", 2, bytes(6), 3, HUGE, HUGE, 16, 3)
    return head + bytes(16) + struct.pack(">H", 1) + bytes(1000)


def huge_j2k(picture: np.ndarray) -> bytes:
    data = bytearray(camera_files.saved(picture, "JPEG2000", no_jp2=True))
    data[8:16] = struct.pack(">II", HUGE, HUGE)
    return bytes(data)


def huge_heic(picture: np.ndarray) -> bytes:
    data = bytearray(camera_files.heic(picture))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", HUGE, HUGE)
    return bytes(data)


def huge_dng(picture: np.ndarray) -> bytes:
    data = bytearray(camera_files.dng(picture))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = file.pages[0].tags  # type: ignore[union-attr] # a page, not a frame
        places = [tags[name].valueoffset for name in ("ImageWidth", "ImageLength")]
    for place in places:
        data[place : place + 4] = struct.pack("<I", HUGE)
    return bytes(data)


@pytest.mark.parametrize("bomb", [huge_psd, huge_j2k, huge_heic, huge_dng])
def test_a_bomb_takes_no_memory(bomb, picture: np.ndarray, tmp_path: Path) -> None:
    """Tried in a process that may not have the memory that the header asks for."""
    path = tmp_path / "bomb"
    path.write_bytes(bomb(picture))
    code = (
        "import resource, sys; from pathlib import Path; from daemon.imaging.decode import decode\n"
        "from daemon.errors import PhotoError\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))\n"
        "try: decode(Path(sys.argv[1]), max_pixels=250_000_000)\n"
        "except PhotoError as error: print(type(error).__name__, error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert told.split()[0] in {"TooManyPixels", "NotReady", "NotAPhoto"}, told
    assert "60000 x 60000" in told or "HEIC" in told or "camera raw" in told, told


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_being_filled_is_waited_for(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    """Copying programs reserve the room first; what zeros decode to is nobody's photo."""
    data = files[kind]
    path = tmp_path / "photo"
    for share in (0.3, 0.6, 0.8):
        size = int(len(data) * share)
        path.write_bytes(data[:size] + bytes(len(data) - size))
        if hollow.doubt(path) is None:
            with pytest.raises(NotReady):
                decode(path, max_pixels=MOST)


def test_a_heic_whose_end_is_zeros_is_never_taken(files: dict[str, bytes], tmp_path: Path) -> None:
    data = files["heic"]
    half = len(data) // 2
    path = tmp_path / "photo"
    path.write_bytes(data[:half] + bytes(len(data) - half))
    with pytest.raises(NotReady, match="ends in zeros"):
        decode(path, max_pixels=MOST, last_look=True)


# HEIC and AVIF


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


@pytest.mark.parametrize("kind", ["heic", "jp2", "j2k"])
def test_a_disk_that_fails_is_told_as_that(
    kind: str, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No library's word for memory or damage stands in its place."""

    def failing(opened: Opened, offset: int, size: int) -> bytes:
        if size == opened.size_bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return os.pread(opened.descriptor, size, offset)

    monkeypatch.setattr(Opened, "read", failing)
    with pytest.raises(SourceTrouble, match="cannot be read"):
        decoded(files[kind], tmp_path)


# Libraries that are not there


@pytest.mark.parametrize(
    ("kind", "module"), [("heic", "pi_heif"), ("dng", "rawpy"), ("psd", "psd_tools.compression")]
)
def test_without_its_library_a_format_is_refused_in_one_line(
    kind: str,
    module: str,
    files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotAPhoto, match=r"is not taken here: the package .* is not installed"):
        decoded(files[kind], tmp_path)


def test_a_codec_is_there_for_each_format_that_libvips_does_not_read() -> None:
    by_libvips = {"JPEG", "PNG", "TIFF", "WEBP", "AVIF"}
    assert {each.name for each in Format} - by_libvips - {"BMP"} == {each.name for each in CODECS}
