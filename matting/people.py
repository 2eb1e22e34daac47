"""Where the people are: faces and bodies, found by the detectors that OpenCV brings along.

Boosted cascades of Haar features (Viola and Jones, "Rapid object detection using a boosted cascade
of simple features", CVPR 2001) look for faces, and histograms of oriented gradients with a linear
classifier (Dalal and Triggs, CVPR 2005) look for standing bodies. A single cascade sees faces in
foliage, gravel and embroidery. So each differently trained cascade is one witness, on the picture
and its mirror image, upright and tilted; how far a window got through its stages is the weight of
its word, and a face needs about half of them convinced.

The limits are those of 2001: faces turned away, covered or smaller than one 25th of the long side
are not found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

_LONG_SIDE = 720
_TILTED_LONG_SIDE = 480
_LARGEST_ENLARGEMENT = 4.0
_SMALLEST_FACE = 1 / 25
"""Of the long side; smaller windows are where the cascades dream most."""
_CLOSE_UP = 64
"""Width of a face, pixels, when all cascades look at it again; _MARGIN of that is shown."""
_MARGIN = 2.0
_TILTS_DEG = (-22.0, 22.0)
_ENOUGH = 2.5
"""Of five: real faces in old prints earned 3.9 and up, the worst impostor in leaves, gravel, lace
and embroidery 1.4, the heads on Greek coins 2.3."""
_BODY_WEIGHT = 0.6
"""HOG's margin from which a body is taken for one when a face agrees with it."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; the corner is the upper left one."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, factor: float) -> Box:
        """The same box in a picture that is ``factor`` times as large."""
        return Box(*(factor * v for v in (self.x, self.y, self.width, self.height)))

    def clipped(self, width: int, height: int) -> Box:
        """The part of the box inside a picture of that size."""
        left, top = min(max(self.x, 0), width), min(max(self.y, 0), height)
        right, bottom = min(self.x + self.width, width), min(self.y + self.height, height)
        return Box(left, top, max(right - left, 0), max(bottom - top, 0))


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


class _Witness(NamedTuple):
    """A cascade, and the last stage's weights at which it is worth 0 and 1."""

    cascade: str
    nothing: float
    convinced: float


_PROFILE = _Witness("profileface", 0.0, 3.0)
_WITNESSES = (
    _Witness("frontalface_default", 1.0, 7.0),
    _Witness("frontalface_alt", 105.0, 108.5),
    _Witness("frontalface_alt2", 54.0, 56.7),
    _Witness("frontalface_alt_tree", -1.0, 3.0),
    _PROFILE,
)


class _Hit(NamedTuple):
    """A window in which a cascade sees a face once the picture is turned by ``tilt_deg``."""

    box: Box
    tilt_deg: float
    witness: str
    strength: float


class _View(NamedTuple):
    """The picture as a cascade gets to see it: cut, scaled, turned, mirrored."""

    size: tuple[int, int]
    centre: tuple[float, float]
    scale: float
    tilt_deg: float = 0.0
    mirrored: bool = False

    def matrix(self) -> NDArray[np.float64]:
        """(2, 3): from the picture's pixels to the view's."""
        turn = cv2.getRotationMatrix2D(self.centre, self.tilt_deg, self.scale)
        turn[:, 2] += (np.array(self.size) - 1) / 2 - self.centre
        if self.mirrored:
            turn[0] *= -1
            turn[0, 2] += self.size[0] - 1
        return np.asarray(turn, np.float64)


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
    bodies = _bodies(grey)
    faces = sorted(_faces(grey), key=lambda box: -box.width)
    people = (Person(face, _body_of(face, bodies)) for face in faces)
    return tuple(_in_picture(person, 1 / scale, width, height) for person in people)


def _in_picture(person: Person, factor: float, width: int, height: int) -> Person:
    face, body = person.face, person.body
    return Person(
        face and face.scaled(factor).clipped(width, height),
        body and body.scaled(factor).clipped(width, height),
    )


def _grey(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Reduce and even out the contrast, tile by tile."""
    size = _scaled_size(pixels, scale)
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = cv2.cvtColor(cv2.resize(pixels, size, interpolation=smooth), cv2.COLOR_RGB2GRAY)
    # Equalising the whole histogram instead lost faces in prints with a black vignette.
    return np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(grey), np.uint8)


def _faces(grey: NDArray[np.uint8]) -> list[Box]:
    """Faces that enough witnesses agree on."""
    groups: list[list[_Hit]] = []
    for hit in sorted(_scout(grey), key=lambda hit: -hit.strength):
        group = next((g for g in groups if _same_face(g[0].box, hit.box)), None)
        if group is None:
            groups.append([hit])
        else:
            group.append(hit)
    cascades = {witness: _cascade(witness) for witness in _WITNESSES}
    heard = (_testimony(grey, group, cascades) for group in groups)
    return _distinct(_mean_box(group) for group in heard if _evidence(group) >= _ENOUGH)


def _scout(grey: NDArray[np.uint8]) -> Iterator[_Hit]:
    """Search the whole picture; tilted on a smaller one, for the time goes with its area."""
    smallest = _SMALLEST_FACE * max(grey.shape)
    factor = min(_TILTED_LONG_SIDE / max(grey.shape), 1.0)
    height, width = grey.shape
    whole = _View((width, height), ((width - 1) / 2, (height - 1) / 2), 1.0)
    small = whole._replace(size=_scaled_size(grey, factor), scale=factor)
    default, _, alternative, _, profile = _WITNESSES
    for witness, views in (
        (default, [whole]),
        (alternative, [whole, *(small._replace(tilt_deg=tilt) for tilt in _TILTS_DEG)]),
        (profile, [whole, whole._replace(mirrored=True)]),
    ):
        cascade = _cascade(witness)
        for view in views:
            yield from _look(cascade, witness, grey, view, smallest)


def _testimony(
    grey: NDArray[np.uint8],
    group: list[_Hit],
    cascades: dict[_Witness, cv2.CascadeClassifier],
) -> list[_Hit]:
    """Hear every cascade, and on the mirror image too, about one place."""
    box, tilt = group[0].box, group[0].tilt_deg
    side = round(_CLOSE_UP * _MARGIN)
    view = _View((side, side), box.centre, _CLOSE_UP / box.width, tilt)
    views = (view, view._replace(mirrored=True))
    said = [
        hit
        for witness, cascade in cascades.items()
        for seen in views
        for hit in _look(cascade, witness, grey, seen, box.width / 1.5, finer=True)
    ]
    return [hit for hit in said if _same_face(box, hit.box)] or group[:1]


def _evidence(group: list[_Hit]) -> float:
    """Sum of what each witness says at its best; saying it twice adds nothing."""
    best: dict[str, float] = {}
    for hit in group:
        best[hit.witness] = max(best.get(hit.witness, 0.0), hit.strength)
    return sum(best.values())


def _mean_box(group: list[_Hit]) -> Box:
    """The frontal cascades' boxes averaged; the profile's sit askew and count only if alone."""
    frontal = [hit for hit in group if hit.witness != _PROFILE.cascade and hit.strength > 0]
    chosen = frontal or group
    values = np.array([(h.box.x, h.box.y, h.box.width, h.box.height) for h in chosen])
    weights = np.array([h.strength + 0.01 for h in chosen])
    return Box(*(float(v) for v in np.average(values, axis=0, weights=weights)))


def _distinct(boxes: Iterable[Box]) -> list[Box]:
    """Leave out faces that lie within a larger face."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda b: -b.width):
        if not any(_distance(box, other) < 0.6 * other.width for other in kept):
            kept.append(box)
    return kept


def _look(
    cascade: cv2.CascadeClassifier,
    witness: _Witness,
    grey: NDArray[np.uint8],
    view: _View,
    smallest: float,
    *,
    finer: bool = False,
) -> Iterator[_Hit]:
    """Run one cascade over one view; boxes are in the picture's pixels."""
    matrix = view.matrix()
    seen = cv2.warpAffine(grey, matrix, view.size, borderMode=cv2.BORDER_REPLICATE)
    least = max(20, round(smallest * view.scale))
    boxes, _, weights = cascade.detectMultiScale3(
        seen, 1.05 if finer else 1.1, 3, minSize=(least, least), outputRejectLevels=True
    )
    back = cv2.invertAffineTransform(matrix)
    for (x, y, width, height), weight in zip(boxes, weights, strict=True):
        strength = (float(weight) - witness.nothing) / (witness.convinced - witness.nothing)
        centre_x, centre_y = back @ (x + width / 2, y + height / 2, 1.0)
        side = float(width) / view.scale
        box = Box(float(centre_x) - side / 2, float(centre_y) - side / 2, side, side)
        yield _Hit(box, view.tilt_deg, witness.cascade, min(max(strength, 0.0), 1.0))


def _same_face(one: Box, other: Box) -> bool:
    sizes = sorted((one.width, other.width))
    return sizes[1] < 1.7 * sizes[0] and _distance(one, other) < 0.45 * sizes[1]


def _distance(one: Box, other: Box) -> float:
    """Between the centres, pixels."""
    return math.dist(one.centre, other.centre)


def _bodies(grey: NDArray[np.uint8]) -> list[Box]:
    """Standing figures. HOG wants air around them, so the picture gets a margin."""
    factor, margin = min(400 / max(grey.shape), 1.0), 40
    small = cv2.resize(grey, _scaled_size(grey, factor), interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())
    found, weights = detector.detectMultiScale(
        framed, winStride=(8, 8), padding=(16, 16), scale=1.08
    )
    return [
        Box(*(float(v) for v in (x - margin, y - margin, w, h))).scaled(1 / factor)
        for (x, y, w, h), weight in zip(found, np.ravel(weights), strict=True)
        if weight > _BODY_WEIGHT
    ]


def _body_of(face: Box, bodies: list[Box]) -> Box | None:
    """The body whose head is where the face is: near the axis, in the upper third."""
    x, y = face.centre
    for body in bodies:
        beside = abs(x - body.centre[0]) / body.width
        down = (y - body.y) / body.height
        if beside < 0.2 and 0.05 < down < 0.33 and 4.5 < body.height / face.height < 14:
            return body
    return None


def _scaled_size(grey: NDArray[np.uint8], factor: float) -> tuple[int, int]:
    """(width, height), at least one pixel each."""
    height, width = grey.shape[:2]
    return max(1, round(width * factor)), max(1, round(height * factor))


def _cascade(witness: _Witness) -> cv2.CascadeClassifier:
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / f"haarcascade_{witness.cascade}.xml"))
