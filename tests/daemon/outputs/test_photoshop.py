"""A Photoshop file holds the photo and the person, exactly, as other programs read it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagemagick
import numpy as np
import pytest
from psd_tools import PSDImage
from psd_tools.api.layers import Layer
from psd_tools.constants import ChannelID, Resource

from daemon.imaging.colour import SRGB
from daemon.outputs import photoshop
from daemon.raster import Cutout, Matte, Metadata, Raster

DTYPES = pytest.mark.parametrize("dtype", [np.uint8, np.uint16])


def written(cutout: Cutout, folder: Path, **options: object) -> Path:
    path = folder / "layered.psd"
    photoshop.write(cutout, photoshop.Options.model_validate(options), path)
    return path


def planes(layer: Layer, dtype: type, count: int) -> np.ndarray:
    """A layer's colours as they stand in the file."""
    raw = layer._channels
    kinds = [info.id for info in layer._record.channel_info]
    shape = (layer.height, layer.width)
    depth, version = np.dtype(dtype).itemsize * 8, layer._psd._record.header.version
    found = [
        np.frombuffer(
            raw[kinds.index(ChannelID(band))].get_data(*shape[::-1], depth, version),
            f">u{depth // 8}",
        )
        for band in range(count)
    ]
    return np.stack([one.reshape(shape) for one in found], axis=-1)


def mask_of(layer: Layer, dtype: type) -> np.ndarray:
    kinds = [info.id for info in layer._record.channel_info]
    shape = (layer.height, layer.width)
    depth, version = np.dtype(dtype).itemsize * 8, layer._psd._record.header.version
    raw = layer._channels[kinds.index(ChannelID.USER_LAYER_MASK)].get_data(
        *shape[::-1], depth, version
    )
    return np.frombuffer(raw, f">u{depth // 8}").reshape(shape)


@DTYPES
def test_layers_and_mask_come_back_exactly(
    cutout_of: Callable[..., Cutout], dtype: type, wide_gamut: bytes, tmp_path: Path
) -> None:
    cutout = cutout_of(dtype)
    document = PSDImage.open(written(cutout, tmp_path, person_layer="人物, Ärmel"))
    photo, person = document
    assert (document.depth, document.size) == (np.dtype(dtype).itemsize * 8, (160, 200))
    assert (photo.name, person.name) == ("Photo", "人物, Ärmel")
    assert (photo.visible, person.visible) == (False, True)
    assert (planes(photo, dtype, 3) == cutout.raster.pixels).all()
    assert (planes(person, dtype, 3) == cutout.foreground).all()
    rounded = np.rint(cutout.matte.alpha / 257) if dtype is np.uint8 else cutout.matte.alpha
    assert (mask_of(person, dtype) == rounded).all()
    assert document.image_resources.get_data(Resource.ICC_PROFILE) == wide_gamut
    shown = document.image_resources.get_data(Resource.RESOLUTION_INFO)
    assert (shown.horizontal / 65536, shown.vertical / 65536) == (300, 240)


@DTYPES
def test_what_shows_is_the_person_on_nothing_and_its_preview_says_so(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    cutout = cutout_of(dtype, SRGB)
    document = PSDImage.open(written(cutout, tmp_path))
    merged = document.numpy()
    share = cutout.matte.alpha / 65535
    assert np.abs(merged[:, :, 3] - share).max() < 0.003
    inside = share > 0.99
    assert (
        np.abs(merged[inside][:, :3] - cutout.foreground[inside] / np.iinfo(dtype).max).max() < 0.02
    )


@DTYPES
def test_a_background_is_a_layer_of_its_own_and_the_preview_is_the_composition(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    cutout = cutout_of(dtype, SRGB)
    document = PSDImage.open(written(cutout, tmp_path, background="navy", colours="original"))
    photo, background, person = document
    assert [layer.visible for layer in document] == [True] * 3
    full = np.iinfo(dtype).max
    assert (planes(background, dtype, 3) == np.array([0, 0, 128]) * (full // 255)).all()
    assert (planes(person, dtype, 3) == planes(photo, dtype, 3)).all()
    share = (cutout.matte.alpha / 65535)[:, :, None]
    exact = cutout.raster.pixels * share + np.array([0, 0, 128]) * (full // 255) * (1 - share)
    assert np.abs(document.numpy() * full - exact).max() <= 0.51


@DTYPES
def test_a_grey_photo_is_a_grey_document(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    grey: Any = np.repeat(cutout_of(dtype).raster.pixels[:, :, :1], 3, axis=2)
    cutout = replace(cutout_of(dtype), raster=Raster(grey, SRGB, None), foreground=grey)
    document = PSDImage.open(written(cutout, tmp_path, background="#808080"))
    assert (document.color_mode.name, document.depth) == ("GRAYSCALE", np.dtype(dtype).itemsize * 8)
    assert (planes(document[0], dtype, 1)[:, :, 0] == grey[:, :, 0]).all()
    assert document.image_resources.get_data(Resource.ICC_PROFILE)[16:20] == b"GRAY"
    coloured = PSDImage.open(written(cutout, tmp_path, background="navy"))
    assert coloured.color_mode.name == "RGB"


def test_metadata_is_carried(cutout_of: Callable[..., Cutout], tmp_path: Path) -> None:
    told = Metadata(
        exif=b"II*\0\x08\0\0\0\0\0\0\0\0\0", xmp=b"<x:xmpmeta/>", iptc=b"\x1c\x02\x50\0\x01A"
    )
    cutout = cutout_of()
    document = PSDImage.open(
        written(replace(cutout, raster=replace(cutout.raster, metadata=told)), tmp_path)
    )
    found = document.image_resources
    assert found.get_data(Resource.EXIF_DATA_1) == told.exif
    assert found.get_data(Resource.XMP_METADATA) == told.xmp
    assert found.get_data(Resource.IPTC_NAA) == told.iptc


@DTYPES
@pytest.mark.parametrize(("width", "height", "ending"), [(1, 1, ".psd"), (30_001, 40, ".psb")])
def test_the_smallest_photo_and_one_too_wide_for_a_psd(
    dtype: type, width: int, height: int, ending: str, tmp_path: Path
) -> None:
    pixels = np.arange(width * height * 3).reshape(height, width, 3).astype(dtype)
    alpha = np.full((height, width), 30_000, np.uint16)
    cutout = Cutout(Raster(pixels, SRGB, None), Matte(alpha, "test", "cpu", 1), pixels)
    options = photoshop.Options()
    assert photoshop.extension_of(cutout, options) == ending
    document = PSDImage.open(written(cutout, tmp_path))
    assert document.size == (width, height)
    assert (planes(document[1], dtype, 3) == pixels).all()


@DTYPES
def test_imagemagick_sees_all_layers(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    if not imagemagick.is_installed("identify"):
        pytest.skip(imagemagick.NOT_TESTED)
    path = written(cutout_of(dtype), tmp_path, background="white")
    command = ["identify", "-format", "%wx%h %z [%l]\n", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    depth = np.dtype(dtype).itemsize * 8
    lines = told.splitlines()
    assert [line.rsplit(" ", 1)[0] for line in lines] == [f"160x200 {depth}"] * 4
    assert [line.rsplit(" ", 1)[1] for line in lines[1:]] == ["[Photo]", "[Background]", "[Person]"]


GIMP = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{path}" "layered.psd")))
       (layers (vector->list (cadr (gimp-image-get-layers image)))))
  (gimp-message (string-append "precision " (number->string
      (car (gimp-image-get-precision image)))))
  (gimp-message (string-append "profile " (number->string
      (length (vector->list (cadr (gimp-image-get-color-profile image)))))))
  (for-each (lambda (layer) (gimp-message (string-append "layer "
      (car (gimp-item-get-name layer)) " mask "
      (number->string (car (gimp-layer-get-mask layer)))))) layers)
  (gimp-quit 0))
"""


@DTYPES
def test_gimp_sees_layers_mask_precision_and_profile(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    gimp = shutil.which("gimp-console") or shutil.which("gimp")
    if gimp is None:
        pytest.skip("NOT TESTED: GIMP is not installed, so nobody but psd-tools read the PSD")
    path = written(cutout_of(dtype), tmp_path, person_layer="人物")
    command = [gimp, "-i", "-d", "-f", "-b", GIMP.format(path=path)]
    home = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    (tmp_path / "home").mkdir()
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env=home, timeout=120
    )
    told = ran.stdout + ran.stderr
    assert f"precision {150 if dtype is np.uint8 else 250}" in told
    assert "layer Photo mask -1" in told
    mask = told.partition("layer 人物 mask ")[2].split()[0]
    assert int(mask) > 0
    profile = told.partition("profile ")[2].split()[0]
    assert int(profile) > 300
