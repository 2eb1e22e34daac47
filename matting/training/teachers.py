"""The teachers: two networks that are good on clean pictures, asked in several ways; the engine.

Each says for itself where people are; where they agree their word is taken (BSHM evens out the
quality of its coarse annotations likewise). The engine `people` searches with the student's last
weights, those that are shipped, and so finds the groups and small figures that one look misses.
Needs OpenCV and onnxruntime.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matting import people

Floats = NDArray[np.float32]

LABEL_SIDE = 256
"""Rows and columns of what teachers say: the whole picture, squeezed."""
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
_SALIENT_SIDE = 320


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What the teachers say of one picture; each (LABEL_SIDE, LABEL_SIDE) float32, 0..1."""

    whole: Floats
    """Selfie Segmentation, at the whole picture and its mirror image."""
    windows: Floats
    """The same, at square windows of several sizes."""
    salient: Floats
    """U2Net-P, which knows what stands out, at the whole picture."""
    search: Floats
    """The engine `people`, its whole search."""

    @property
    def backing(self) -> Floats:
        """Whichever of the other three agrees most with the search."""
        return max(
            (self.whole, self.windows, self.salient), key=lambda one: _overlap(self.search, one)
        )

    @property
    def agreement(self) -> float:
        """Intersection over union of the search with its backing, at one half."""
        return _overlap(self.search, self.backing)


def _overlap(one: Floats, other: Floats) -> float:
    first, second = one > 0.5, other > 0.5
    return float((first & second).sum() / max(1, (first | second).sum()))


class Teachers:
    """All networks, loaded."""

    def __init__(self, selfie: Path, u2netp: Path, *, threads: int = 1) -> None:
        """Load the published files; see ``models`` for where they come from."""
        import onnxruntime  # noqa: PLC0415 - only here: labels are made once

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._selfie = cv2.dnn.readNetFromTFLite(str(selfie))
        self._engine = people.Networks.load(str(selfie))
        self._salient = onnxruntime.InferenceSession(
            str(u2netp), options, providers=["CPUExecutionProvider"]
        )

    def ask(self, picture: NDArray[np.uint8]) -> Opinion:
        """Have all look at a picture, (height, width, 3) uint8 RGB."""
        whole = self._person(picture)
        sums, weights = np.zeros(picture.shape[:2], np.float32), np.zeros(picture.shape[:2])
        window = np.outer(*[np.hanning(LABEL_SIDE + 2)[1:-1]] * 2).astype(np.float32) + 0.01
        for box in windows(*picture.shape[:2]):
            part = picture[box]
            size = part.shape[1], part.shape[0]
            weight = cv2.resize(window, size)
            sums[box] += weight * cv2.resize(self._person(part), size)
            weights[box] += weight
        small = cv2.resize((sums / weights).astype(np.float32), (LABEL_SIDE,) * 2)
        found = people.find(picture, self._engine).probability
        search = np.asarray(cv2.resize(found, (LABEL_SIDE,) * 2, interpolation=cv2.INTER_AREA))
        return Opinion(whole, small, self._stands_out(picture), search)

    def _person(self, picture: NDArray[np.uint8]) -> Floats:
        square = cv2.resize(picture, (LABEL_SIDE,) * 2, interpolation=cv2.INTER_AREA)
        looks = []
        for seen in (square, np.ascontiguousarray(square[:, ::-1])):
            self._selfie.setInput(cv2.dnn.blobFromImage(seen, 1 / 255))
            looks.append(self._selfie.forward()[0, 0])
        return np.asarray((looks[0] + looks[1][:, ::-1]) / 2, np.float32)

    def _stands_out(self, picture: NDArray[np.uint8]) -> Floats:
        square = cv2.resize(picture, (_SALIENT_SIDE,) * 2, interpolation=cv2.INTER_AREA)
        values = square.astype(np.float32) / max(1, int(square.max()))
        fed = ((values - _MEAN) / _SPREAD).transpose(2, 0, 1)[None]
        name = self._salient.get_inputs()[0].name
        answer = self._salient.run(None, {name: fed})[0][0, 0]
        return np.asarray(cv2.resize(answer, (LABEL_SIDE,) * 2), np.float32)


def windows(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Square windows over a picture: its short side large, and 0.6 of that, half overlapping."""
    for share in (1.0, 0.6):
        side = round(min(height, width) * share)
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield slice(top, top + side), slice(left, left + side)


def _starts(length: int, side: int) -> list[int]:
    many = 1 + int(np.ceil((length - side) / (side / 2)))
    return [round(start) for start in np.linspace(0, length - side, many)]
