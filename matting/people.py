"""Where the people are, found without any network.

Faces come from matting.faces. Standing figures come from histograms of oriented gradients with a
linear classifier (Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR
2005); alone those see figures in masts and trees, so a body counts only under a face.

The limits are those of 2001 and 2005: heads seen from behind, covered faces and faces smaller than
one 25th of the picture's long side are not found. Nobody is better than an invented person.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.boxes import Box
from matting.faces import even_out, find_faces, find_turned_faces, scaled_size

__all__ = ["Box", "Person", "find_people"]

_LONG_SIDE = 640
_LARGEST_ENLARGEMENT = 4.0
_BODY_WEIGHT = 0.6
"""HOG's margin from which a body is taken for one when a face agrees with it."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person; at least one of the boxes is there."""

    face: Box | None
    """From the brows' upper end to the chin, about as wide as high."""
    body: Box | None
    """The whole standing figure, as far as it is in the picture."""

    def extent(self, width: int, height: int) -> Box:
        """Guess the box that holds the whole person, hair and sleeves included.

        A figure is at most about eight heads high, and a face box about seven eighths of a head;
        most portraits end sooner, at the picture's edge.

        Args:
            width: of the picture, pixels.
            height: of the picture, pixels.
        """
        boxes = [] if self.body is None else [self.body]
        if self.face is not None:
            (x, _), side = self.face.centre, self.face.width
            boxes.append(Box(x - 2.5 * side, self.face.y - 0.8 * side, 5 * side, 8.5 * side))
        left, top = min(b.x for b in boxes), min(b.y for b in boxes)
        right, bottom = max(b.x + b.width for b in boxes), max(b.y + b.height for b in boxes)
        return Box(left, top, right - left, bottom - top).clipped(width, height)


def find_people(pixels: NDArray[np.uint8]) -> tuple[Person, ...]:
    """Find the people in a picture.

    Works on grey levels whose contrast is evened out locally, so faded and toned prints will do.

    Args:
        pixels: (height, width, 3) uint8 RGB, any size; it is reduced as needed.

    Returns:
        The people, largest face first; empty where nobody was found.
    """
    height, width = pixels.shape[:2]
    scale = min(_LONG_SIDE / max(height, width), _LARGEST_ENLARGEMENT)
    if min(height, width) * scale < 24 or height * width == 0:
        return ()
    grey = _grey(pixels, scale)
    faces = find_faces(even_out(grey)) or find_turned_faces(grey)
    bodies = _bodies(grey) if faces else []
    people = (Person(face, _body_of(face, bodies)) for face in faces)
    placed = [_in_picture(person, 1 / scale, width, height) for person in people]
    return tuple(sorted(placed, key=lambda person: -_size(person)))


def _size(person: Person) -> float:
    return person.face.width if person.face is not None else 0.0


def _in_picture(person: Person, factor: float, width: int, height: int) -> Person:
    face, body = person.face, person.body
    return Person(
        face and face.scaled(factor).clipped(width, height),
        body and body.scaled(factor).clipped(width, height),
    )


def _grey(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(pixels, scaled_size(pixels, scale), interpolation=smooth)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _bodies(grey: NDArray[np.uint8]) -> list[Box]:
    """Standing figures. HOG wants air around them, so the picture gets a margin."""
    factor, margin = min(400 / max(grey.shape), 1.0), 40
    small = cv2.resize(grey, scaled_size(grey, factor), interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())
    found, weights = detector.detectMultiScale(
        framed, winStride=(8, 8), padding=(16, 16), scale=1.08
    )
    return [
        _within_window(Box(x - margin, y - margin, w, h)).scaled(1 / factor)
        for (x, y, w, h), weight in zip(
            np.reshape(found, (-1, 4)).tolist(), np.ravel(weights), strict=True
        )
        if weight > _BODY_WEIGHT
    ]


def _within_window(window: Box) -> Box:
    """HOG was trained on figures that fill the middle half of its window and 3/4 of its height."""
    width, height = window.width, window.height
    return Box(window.x + width / 4, window.y + height / 8, width / 2, 3 * height / 4)


def _body_of(face: Box, bodies: list[Box]) -> Box | None:
    """The body whose head is where the face is: near the axis, at the upper end."""
    x, y = face.centre
    for body in bodies:
        beside = abs(x - body.centre[0]) / body.width
        down = (y - body.y) / body.height
        if beside < 0.4 and -0.05 < down < 0.25 and 4 < body.height / face.height < 12:
            return body
    return None
