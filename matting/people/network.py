"""MediaPipe's Selfie Segmentation: one look at a picture of 256 x 256 pixels.

Tkachenka, Bazarevsky and others, "Selfie Segmentation" (Google, 2021): a MobileNetV3 with a small
decoder, Apache-2.0. OpenCV's DNN module runs the published TensorFlow Lite file, within 1e-4 of
Google's own interpreter; the file has an operation of MediaPipe's own that converters refuse.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.errors import EngineUnavailable
from matting.networks import modelfile

SIDE = 256
"""Rows and columns of what the network is fed and of what it answers."""
_MAGIC = slice(4, 8), b"TFL3"
"""Where a TensorFlow Lite file says what it is."""

Probability = NDArray[np.float32]
"""(SIDE, SIDE) float32: 0 is background, 1 a person for sure."""


class Network:
    """The network, loaded; one thread at a time may use it."""

    def __init__(self, net: cv2.dnn.Net, sha256: str) -> None:
        """Keep what ``load`` read; see there."""
        self._net = net
        self.sha256 = sha256

    @classmethod
    def load(cls, path: str) -> Network:
        """Read the file, and see that it is this network by running it once.

        Raises:
            EngineUnavailable: it cannot be read, or is no such network.
        """
        data, name = modelfile.read(path), Path(path).name
        if (what := modelfile.mistaken(data)) or data[_MAGIC[0]] != _MAGIC[1]:
            reason = what or "it is no TensorFlow Lite file"
            raise EngineUnavailable(f"the model {name} cannot be used: {reason}")
        try:
            net = cv2.dnn.readNetFromTFLite(np.frombuffer(data, np.uint8))
            network = cls(net, hashlib.sha256(data).hexdigest())
            answer = network._run(np.full((SIDE, SIDE, 3), 128, np.uint8))
        except cv2.error as error:
            reason = f"OpenCV {cv2.__version__} cannot run it; it is damaged or another network"
            raise EngineUnavailable(f"the model {name} cannot be used: {reason}") from error
        if answer.shape != (1, 1, SIDE, SIDE) or not (answer.min() >= 0 and answer.max() <= 1):
            reason = f"it answers {answer.shape}, and no probabilities of {SIDE} x {SIDE} pixels"
            raise EngineUnavailable(f"the model {name} cannot be used: {reason}")
        return network

    def look(self, square: NDArray[np.uint8]) -> Probability:
        """How probably each place belongs to a person.

        Args:
            square: (SIDE, SIDE, 3) uint8 RGB.
        """
        return np.asarray(self._run(square)[0, 0], np.float32)

    def _run(self, square: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=False))
        return np.asarray(self._net.forward(), np.float32)
