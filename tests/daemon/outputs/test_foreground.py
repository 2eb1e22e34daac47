"""The cut-out carries decontaminated colours and straight alpha."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from daemon.outputs import foreground
from daemon.raster import Cutout


@pytest.mark.parametrize("file_format", ["png", "tiff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_are_the_foreground_s_and_not_premultiplied(
    cutout_of: Callable[..., Cutout], dtype: type, file_format: str, tmp_path: Path
) -> None:
    cutout, path = cutout_of(dtype), tmp_path / "cut"
    foreground.write(cutout, foreground.Options.model_validate({"format": file_format}), path)
    if file_format == "tiff":  # OpenCV premultiplies what it reads
        back = tifffile.imread(path)
    else:
        back = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
    assert cutout.foreground is not None
    assert back.dtype == dtype
    assert (back[:, :, :3] == cutout.foreground).all()
    assert np.abs(back[:, :, 3] / np.iinfo(dtype).max - cutout.matte.alpha / 65535).max() < 0.002
