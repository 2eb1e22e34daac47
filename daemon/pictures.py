"""What steps and outputs work on pictures with, imported when something of it is first asked for.

Settings know each step and output by its options, and these stand beside the work that they are
for. Loading what the work takes would be most of the time that `matted status` runs. Imports
inside the functions were tried: each helper function needs its own.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = [
    "blended",
    "colour",
    "cv2",
    "decode",
    "encode",
    "icc",
    "layered",
    "lossy",
    "np",
    "resources",
    "shrinking",
]


class _OnUse(ModuleType):
    """Stands in for the module of that name; every use goes through to it."""

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self.__name__), attribute)


if TYPE_CHECKING:
    import cv2
    import numpy as np

    from daemon.imaging import colour, decode, encode, icc, layered, lossy, resources
    from matting.picture import blended, shrinking
else:
    blended = _OnUse("matting.picture.blended")
    cv2 = _OnUse("cv2")
    np = _OnUse("numpy")
    colour = _OnUse("daemon.imaging.colour")
    decode = _OnUse("daemon.imaging.decode")
    encode = _OnUse("daemon.imaging.encode")
    icc = _OnUse("daemon.imaging.icc")
    layered = _OnUse("daemon.imaging.layered")
    lossy = _OnUse("daemon.imaging.lossy")
    resources = _OnUse("daemon.imaging.resources")
    shrinking = _OnUse("matting.picture.shrinking")
