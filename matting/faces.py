"""Faces, found by the cascades that OpenCV brings along.

Boosted cascades of Haar features (Viola and Jones, "Rapid object detection using a boosted cascade
of simple features", CVPR 2001) see faces in foliage, gravel and embroidery when asked singly. So
each differently trained cascade is one witness; how far a window got through its stages is the
weight of its word, and a face needs most of them convinced, on the picture, its mirror image
and, where the head is tilted, on the picture turned upright.

For heads turned aside there is one cascade only. It has to say the same about many slightly
different prints of the picture: tilted, mirrored, with other contrasts. What it dreams up does not
survive that; a head does, even one whose features are worn off the print.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.boxes import Box

_TILTED_LONG_SIDE = 480
_SMALLEST_FACE = 1 / 25
"""Of the long side; smaller windows are where the cascades dream most."""
_CLOSE_UP = 64
"""Width of a face, pixels, when all cascades look at it again; _MARGIN of that is shown."""
_MARGIN = 2.0
_TILTS_DEG = (-22.0, 22.0)
_NODS_DEG = (-11.0, 11.0)
_IN_DOUBT, _ENOUGH = 1.5, 3.3
"""Of five: real faces in old prints earned 3.9 and up; the worst impostor in leaves, gravel, lace
and embroidery 1.4, a cup of coffee 2.5, the heads on Greek coins 3.1."""
_ASIDE_SHARE = 0.85
"""The profile cascade's window takes in more of the hair than the frontal ones'."""


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


def find_faces(grey: NDArray[np.uint8]) -> list[Box]:
    """Find faces that look at the camera, or nearly so.

    Args:
        grey: (height, width) uint8, evened out.

    Returns:
        Boxes in no particular order, from the brows' upper end to the chin.
    """
    groups: list[list[_Hit]] = []
    for hit in sorted(_scout(grey), key=lambda hit: -hit.strength):
        group = next((g for g in groups if _same_face(g[0].box, hit.box)), None)
        if group is None:
            groups.append([hit])
        else:
            group.append(hit)
    cascades = {witness: _cascade(witness) for witness in _WITNESSES}
    heard = (_hearing(grey, group[0], cascades) for group in groups)
    return _distinct(_mean_box(group) for group in heard if _evidence(group) >= _ENOUGH)


def _hearing(
    grey: NDArray[np.uint8], first: _Hit, cascades: dict[_Witness, cv2.CascadeClassifier]
) -> list[_Hit]:
    """All that is said about one place; where in doubt, the head is tilted to and fro."""
    said = _testimony(grey, first, cascades)
    if _IN_DOUBT <= _evidence(said) < _ENOUGH:
        for tilt in _NODS_DEG:
            said += _testimony(grey, first._replace(tilt_deg=first.tilt_deg + tilt), cascades)
    return said


def _scout(grey: NDArray[np.uint8]) -> Iterator[_Hit]:
    """Search the whole picture; tilted on a smaller one, for the time goes with its area."""
    smallest = _SMALLEST_FACE * max(grey.shape)
    factor = min(_TILTED_LONG_SIDE / max(grey.shape), 1.0)
    height, width = grey.shape
    whole = _View((width, height), ((width - 1) / 2, (height - 1) / 2), 1.0)
    small = whole._replace(size=scaled_size(grey, factor), scale=factor)
    default, _, alternative, _, profile = _WITNESSES
    for witness, views in (
        (default, [whole]),
        (alternative, [whole, *(small._replace(tilt_deg=tilt) for tilt in _TILTS_DEG)]),
        (profile, [small, small._replace(mirrored=True)]),
    ):
        cascade = _cascade(witness)
        for view in views:
            yield from _look(cascade, witness, grey, view, smallest)


def _testimony(
    grey: NDArray[np.uint8], first: _Hit, cascades: dict[_Witness, cv2.CascadeClassifier]
) -> list[_Hit]:
    """Hear every cascade, and on the mirror image too, about one place at one tilt."""
    box = first.box
    side = round(_CLOSE_UP * _MARGIN)
    view = _View((side, side), box.centre, _CLOSE_UP / box.width, first.tilt_deg)
    said = [
        hit
        for witness, cascade in cascades.items()
        for seen in (view, view._replace(mirrored=True))
        for hit in _look(cascade, witness, grey, seen, box.width / 1.5, step=1.05)
    ]
    return [hit for hit in said if _same_face(box, hit.box)]


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
        if not any(box.distance(other) < 0.6 * other.width for other in kept):
            kept.append(box)
    return kept


def _look(
    cascade: cv2.CascadeClassifier,
    witness: _Witness,
    grey: NDArray[np.uint8],
    view: _View,
    smallest: float,
    *,
    step: float = 1.1,
    neighbours: int = 3,
) -> Iterator[_Hit]:
    """Run one cascade over one view; boxes are in the picture's pixels."""
    matrix = view.matrix()
    seen = cv2.warpAffine(grey, matrix, view.size, borderMode=cv2.BORDER_REPLICATE)
    least = max(20, round(smallest * view.scale))
    boxes, _, weights = cascade.detectMultiScale3(
        seen, step, neighbours, minSize=(least, least), outputRejectLevels=True
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
    return sizes[1] < 1.7 * sizes[0] and one.distance(other) < 0.45 * sizes[1]


@cache
def _cascade(witness: _Witness) -> cv2.CascadeClassifier:
    """Read once per process: parsing them anew took a seventh of a second for every photo.

    They are not thread-safe, and neither the engine nor a photo process looks from two threads.
    """
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / f"haarcascade_{witness.cascade}.xml"))


class _Series(NamedTuple):
    """A series of prints to poll the profile cascade with, and what a head must win there."""

    long_side: int
    smallest: int
    """Pixels; smaller windows cost most of the time and were mostly dreams."""
    step: float
    tilts_deg: tuple[float, ...]
    votes: int
    strength: float


# Of the quick series' 18 prints real heads won 4 to 17 and a strength up to 6.5, impostors at most
# 4 and 1.4; of the thorough one's 30, real heads 9 to 28 and 5.6 or more, impostors 6 and 1.8.
_QUICK = _Series(200, 34, 1.05, (-15.0, 0.0, 15.0), 6, 2.2)
_THOROUGH = _Series(240, 40, 1.04, (-20.0, -10.0, 0.0, 10.0, 20.0), 9, 3.0)
_WORTH_A_SECOND_LOOK = 0.5
"""Of the votes needed; the thorough series takes three times as long."""


def find_turned_faces(grey: NDArray[np.uint8]) -> list[Box]:
    """Find heads in profile or half turned away; slower, and less sure of the place.

    Args:
        grey: (height, width) uint8, its contrast as it is.
    """
    found, doubtful = _poll(grey, _QUICK)
    if doubtful and not found:
        found, _ = _poll(grey, _THOROUGH)
    return found


class _Vote(NamedTuple):
    print: tuple[int, float, bool]
    """Which contrast, tilt and side."""
    hit: _Hit


def _poll(grey: NDArray[np.uint8], series: _Series) -> tuple[list[Box], bool]:
    """The heads that won, and whether any came near."""
    factor = series.long_side / max(grey.shape)
    small = cv2.resize(grey, scaled_size(grey, factor), interpolation=cv2.INTER_AREA)
    prints = (small, even_out(small), cv2.equalizeHist(small))
    votes = [vote for number, image in enumerate(prints) for vote in _votes(number, image, series)]
    found: list[Box] = []
    most = 0
    for vote in sorted(votes, key=lambda v: -v.hit.strength):
        allies = [v for v in votes if _same_head(v.hit.box, vote.hit.box)]
        won = len({v.print for v in allies})
        most = max(most, won)
        if won >= series.votes and sum(v.hit.strength for v in allies) >= series.strength:
            found.append(_head_of(allies))
    heads = [box.scaled(1 / factor) for box in _distinct(found)]
    return heads, most >= _WORTH_A_SECOND_LOOK * series.votes


def _votes(number: int, image: NDArray[np.uint8], series: _Series) -> Iterator[_Vote]:
    """Look at one print tilted and mirrored, with air around it: large heads fill the frame."""
    cascade = _cascade(_PROFILE)
    height, width = image.shape
    air = series.long_side // 5
    middle = (width - 1) / 2, (height - 1) / 2
    for tilt in series.tilts_deg:
        for mirrored in (False, True):
            view = _View((width + 2 * air, height + 2 * air), middle, 1.0, tilt, mirrored)
            hits = _look(
                cascade, _PROFILE, image, view, series.smallest, step=series.step, neighbours=1
            )
            yield from (_Vote((number, tilt, mirrored), hit) for hit in hits)


def _head_of(allies: list[_Vote]) -> Box:
    """The median window, without its share of hair."""
    x, y = np.median([v.hit.box.centre for v in allies], axis=0)
    side = _ASIDE_SHARE * float(np.median([v.hit.box.width for v in allies]))
    return Box(float(x) - side / 2, float(y) - side / 2, side, side)


def _same_head(one: Box, other: Box) -> bool:
    sizes = sorted((one.width, other.width))
    return sizes[1] < 1.35 * sizes[0] and one.distance(other) < 0.25 * sizes[1]


def even_out(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Even out the contrast tile by tile, as faded and unevenly lit prints need it."""
    # Equalising the whole histogram instead lost faces in prints with a black vignette.
    return np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(grey), np.uint8)


def scaled_size(grey: NDArray[np.uint8], factor: float) -> tuple[int, int]:
    """(width, height), at least one pixel each."""
    height, width = grey.shape[:2]
    return max(1, round(width * factor)), max(1, round(height * factor))
