"""A second opinion: U2-Net-P, which knows what stands out and nothing of people.

Qin et al., "U2-Net: Going deeper with nested U-structure for salient object detection", Pattern
Recognition 2020. A rock that the first network takes for a person seldom stands out for this one
in the same outline. OpenCV runs it; ONNX Runtime is not needed.
"""

from __future__ import annotations

import cv2
import numpy as np

from matting import modelfile
from matting.errors import EngineUnavailable
from matting.people.looks import Picture, squeezed
from matting.people.network import Probability
from matting.recipe import U2NET

_SIDE = 320


class Judge:
    """The network, loaded; one thread at a time may use it."""

    def __init__(self, net: cv2.dnn.Net) -> None:
        """Keep what ``load`` read; see there."""
        self._net = net
        self._output = net.getUnconnectedOutLayersNames()[0]  # the six others are coarser

    @classmethod
    def load(cls, path: str) -> Judge:
        """Read the file and run it once.

        Raises:
            EngineUnavailable: it cannot be read, or is no such network.
        """
        data = modelfile.read(path)
        try:
            judge = cls(cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8)))
            answer = judge.look(np.full((_SIDE, _SIDE, 3), 128, np.uint8))
        except (cv2.error, IndexError) as error:
            raise EngineUnavailable(f"the model {path} cannot be used by OpenCV") from error
        if answer.shape != (_SIDE, _SIDE):
            raise EngineUnavailable(f"the model {path} is not U2-Net-P: it answers {answer.shape}")
        return judge

    def look(self, picture: Picture) -> Probability:
        """(320, 320) float32: how much each place stands out, 0..1, not stretched."""
        square = squeezed(picture, _SIDE).astype(np.float32)
        fed = (square / max(float(square.max()), 1.0) - U2NET.mean) / U2NET.std
        self._net.setInput(np.ascontiguousarray(fed.transpose(2, 0, 1)[None], np.float32))
        return np.asarray(self._net.forward(self._output)[0, 0], np.float32)
