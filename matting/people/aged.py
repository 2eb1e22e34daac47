"""A second opinion where a look is not sure: a network of our own that learnt from old photographs.

Selfie Segmentation asked first, U2-Net's small form after it, both taught further on aged pictures,
groups and furniture (docs/weights.md). It misses hardly anybody in old prints and does not come and
go with their tone; a look takes forty times as long as one of Selfie Segmentation's, so it is asked
once a picture, again where it is not certain, and about portraits at half the size, or not at all.

It learnt at 320 pixels and at 256, and is asked at 256: that takes half as long, and of old
photographs it misses and invents as many.
"""

from __future__ import annotations

import cv2
import numpy as np

from matting.networks.shipped import shipped
from matting.people.looks import Picture
from matting.people.network import Probability
from matting.picture.shrinking import squeezed

_SIDE = 256
_GLANCE_SIDE = 128
_FILE = "aged.onnx"


class Aged:
    """The network, loaded; one thread at a time may use it."""

    def __init__(self, net: cv2.dnn.Net) -> None:
        """Keep what ``load`` read; see there."""
        self._net = net

    @classmethod
    def load(cls) -> Aged:
        """Read the file that comes with the program.

        Raises:
            EngineUnavailable: it is not there, or damaged.
        """
        return cls(shipped(_FILE))

    def look(self, picture: Picture) -> Probability:
        """(256, 256) float32: how probably each place belongs to a person, squeezed likewise."""
        return self._asked(picture, _SIDE)

    def glance(self, picture: Picture) -> Probability:
        """The same, (128, 128): enough for a portrait, and four times as quick."""
        return self._asked(picture, _GLANCE_SIDE)

    def _asked(self, picture: Picture, side: int) -> Probability:
        self._net.setInput(cv2.dnn.blobFromImage(squeezed(picture, side), 1 / 255))
        return np.asarray(self._net.forward()[0, 0], np.float32)

    def look_mirrored(self, picture: Picture) -> Probability:
        """What it says of the mirror image, mirrored back; see ``look``."""
        return np.ascontiguousarray(self.look(np.ascontiguousarray(picture[:, ::-1]))[:, ::-1])
