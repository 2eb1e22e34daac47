"""MediaPipe's BlazeFace, short range: one look for faces at a square of 128 x 128 pixels.

Bazarevsky, Kartynnik, Vakunov, Raveendran, Grundmann, "BlazeFace: Sub-millisecond Neural Face
Detection on Mobile GPUs" (arXiv 1907.05047, 2019), Apache-2.0. OpenCV's DNN module runs the
published TensorFlow Lite file. It sees faces that take a tenth of the square or more.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.errors import EngineUnavailable
from matting.faces.face import Face
from matting.networks.shipped import shipped
from matting.picture.boxes import Box

SIDE = 128
"""Rows and columns of what the network is fed."""
FILE = "face_detection_short_range.tflite"
_GRIDS = (16, 2), (8, 6)
"""Cells along a side, and how many answers each has: all are told from the cell's centre."""
_ANSWERS = sum(cells * cells * each for cells, each in _GRIDS)
_NUMBERS = 16
"""Of an answer: centre, size, and six points of the face, which nobody needs here."""
_SIZES = {1: _ANSWERS, _NUMBERS: _NUMBERS * _ANSWERS}
"""Of the two arrays it answers, by their last axis."""
_STEEPEST = 80.0
"""Of the logits; what lies beyond is as good as 0 or 1."""


def anchors() -> NDArray[np.float64]:
    """(896, 2) the x and y that each answer is told from, as shares of the square."""
    found = []
    for cells, each in _GRIDS:
        along = (np.arange(cells) + 0.5) / cells
        down, across = np.meshgrid(along, along, indexing="ij")
        found.append(np.repeat(np.stack([across.ravel(), down.ravel()], axis=1), each, axis=0))
    return np.concatenate(found)


class Network:
    """The network, loaded; one thread at a time may use it."""

    def __init__(self, net: cv2.dnn.Net) -> None:
        """Keep what ``load`` read; see there."""
        self._net = net
        self._names = net.getUnconnectedOutLayersNames()

    @classmethod
    def load(cls) -> Network:
        """Read the file that comes with the program, and run it once.

        Raises:
            EngineUnavailable: it is not there, or damaged.
        """
        network = cls(shipped(FILE))
        try:
            network.look(np.full((SIDE, SIDE, 3), 128, np.uint8), least=0.5)
        except (cv2.error, ValueError) as error:
            reason = f"matting/weights/{FILE} is not as it was installed"
            raise EngineUnavailable(f"{reason}: install matted anew") from error
        return network

    def look(self, square: NDArray[np.uint8], *, least: float) -> list[Face]:
        """All answers that sure; a face has several.

        Args:
            square: (SIDE, SIDE, 3) uint8 RGB.
            least: the score that is worth telling, 0..1.

        Returns:
            Faces whose boxes are shares of the square's sides.
        """
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5,) * 3))
        answers = {each.shape[-1]: each.reshape(-1) for each in self._net.forward(self._names)}
        if {n: each.size for n, each in answers.items()} != _SIZES:
            raise ValueError(f"it answers {sorted((n, len(a)) for n, a in answers.items())}")
        return decoded(answers[1], answers[_NUMBERS].reshape(_ANSWERS, _NUMBERS), least)


def decoded(logits: NDArray[np.float32], numbers: NDArray[np.float32], least: float) -> list[Face]:
    """What the network's numbers mean.

    Args:
        logits: (896,) how sure each answer is.
        numbers: (896, 16) centre, from its anchor, and size first, in pixels of SIDE.
        least: the score that is worth telling, 0..1.

    Returns:
        Faces whose boxes are shares of the square's sides.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -_STEEPEST, _STEEPEST)))
    kept = np.flatnonzero(scores >= least)
    centres = anchors()[kept] + numbers[kept, :2] / SIDE
    sizes = numbers[kept, 2:4] / SIDE
    corners = centres - sizes / 2
    return [
        Face(Box(*corner, *size), score)
        for corner, size, score in zip(
            corners.tolist(), sizes.tolist(), scores[kept].tolist(), strict=True
        )
    ]
