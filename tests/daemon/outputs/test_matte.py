"""The matte is alpha, rounded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from daemon.outputs import matte
from daemon.raster import Cutout


@pytest.mark.parametrize("file_format", ["png", "tiff"])
def test_eight_bits_are_alpha_rounded(
    cutout_of: Callable[..., Cutout], file_format: str, tmp_path: Path
) -> None:
    cutout, path = cutout_of(), tmp_path / "matte"
    matte.write(cutout, matte.Options.model_validate({"format": file_format}), path)
    back = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert back.dtype == np.uint8
    assert (back == np.rint(cutout.matte.alpha / 257)).all()


@pytest.mark.parametrize("file_format", ["png", "tiff"])
def test_sixteen_bits_are_alpha_itself(
    cutout_of: Callable[..., Cutout], file_format: str, tmp_path: Path
) -> None:
    cutout, path = cutout_of(), tmp_path / "matte"
    matte.write(cutout, matte.Options.model_validate({"format": file_format, "bits": 16}), path)
    back = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert back.dtype == np.uint16
    assert (back == cutout.matte.alpha).all()
