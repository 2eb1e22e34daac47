"""Where in a picture faces are, whoever was found in it."""

from __future__ import annotations

from matting.faces.face import Face
from matting.faces.network import Network
from matting.faces.outside import is_outside
from matting.faces.search import CLOSELY, GLANCE, find

__all__ = ["CLOSELY", "GLANCE", "Face", "Network", "find", "is_outside"]
