"""A composition as it is filed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from daemon.outputs import composition
from daemon.raster import Cutout


def composed(cutout: Cutout, folder: Path, **options: object) -> np.ndarray:
    """Write one, and read it: (height, width, 3) RGB."""
    path = folder / "composition"
    composition.write(cutout, composition.Options.model_validate(options), path)
    found: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return np.asarray(found[:, :, ::-1])
