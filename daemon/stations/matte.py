"""Mattes as stations want them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.raster import Pixels
from daemon.stations.task import NeverFiled


def read(path: Path) -> NDArray[np.uint16]:
    """A filed matte, (height, width), 65535 is opaque.

    Raises:
        NeverFiled: it is no grey picture any more.
    """
    found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim != 2 or found.dtype.name not in {"uint8", "uint16"}:
        raise NeverFiled("the filed matte is no grey picture any more")
    return (
        np.asarray(found) if found.dtype == np.uint16 else found.astype(np.uint16) * np.uint16(257)
    )


def encoded(picture: NDArray[np.uint8]) -> bytes:
    """A picture in OpenCV's order of colours as a PNG."""
    _, made = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 2])
    return bytes(made)


def straight(path: Path) -> Pixels | None:
    """The colours of a picture with straight alpha, (height, width, 3) RGB; None without alpha."""
    found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim != 3 or found.shape[2] != 4:
        return None
    return np.ascontiguousarray(found[:, :, 2::-1])
