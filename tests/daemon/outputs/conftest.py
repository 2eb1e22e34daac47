"""A photo with its matte and foreground, small enough to be compared pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import pyvips
import skimage.data

from daemon.raster import Cutout, Matte, Raster


@pytest.fixture(scope="session")
def wide_gamut() -> bytes:
    """Display P3, as libvips brings it along."""
    profile: bytes = pyvips.Operation.call("profile_load", "p3")
    return profile


@pytest.fixture
def cutout_of(wide_gamut: bytes) -> Callable[..., Cutout]:
    """Make a Cutout of 160 x 200 pixels: a portrait, a soft disc as its matte."""

    def make(dtype: type = np.uint8, icc: bytes = wide_gamut) -> Cutout:
        small = cv2.resize(skimage.data.astronaut()[:400, 60:380], (160, 200))
        pixels = small if dtype is np.uint8 else small.astype(np.uint16) * 257 - small
        down, across = np.mgrid[:200, :160]
        distance = np.hypot(down - 90, across - 75)
        alpha = (np.clip((60 - distance) / 20, 0, 1) * 65535).round().astype(np.uint16)
        foreground = np.roll(pixels, 3, axis=1)
        return Cutout(
            Raster(pixels, icc, (300.0, 240.0)), Matte(alpha, "test", "cpu", 1), foreground
        )

    return make
