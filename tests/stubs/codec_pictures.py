"""Pictures of the formats that libvips does not read."""

from __future__ import annotations

import camera_files
import numpy as np


def in_three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)


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
