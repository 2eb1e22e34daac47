"""A finished matte, touched up where somebody went over it with a brush; elsewhere not at all."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.picture.fine import FineMatte, fine
from matting.picture.stroke import Stroke
from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN, Refiner

_LABELS = {"person": FOREGROUND, "background": BACKGROUND, "hair": UNKNOWN}
_SURE = 0.02
"""Alpha up to this, and from 1 less this, is taken to be right where nobody drew."""
_EDGE = 0.75
"""Of a brush's width: so far beside a stroke its new edge is looked for. Nobody draws exactly."""
_LEAST_EDGE, _MOST_EDGE = 6, 96
_AROUND = 48
"""Pixels around what is solved that the refiner sees, to know both sides' colours."""


def touched_up(
    alpha: NDArray[np.uint16],
    photo: NDArray[np.uint8],
    strokes: Sequence[Stroke],
    refiner: Refiner,
    *,
    threads: int = 1,
) -> FineMatte:
    """Solve a matte anew where there are strokes; what lies further off keeps its every value.

    Args:
        alpha: (H, W), 65535 is opaque.
        photo: (H, W, 3) RGB.
        strokes: in the order in which they were drawn; a later one counts for more.
        refiner: solves what is unknown.
        threads: tiles that are solved at a time, if the refiner can do that.

    Raises:
        Exception: whatever the refiner raises.
    """
    drawn, edge = _drawn(strokes, alpha.shape)
    trimap = _trimap(alpha, drawn, edge)
    reach = cv2.dilate((drawn >= 0).astype(np.uint8), _disc(edge))
    window = _window(reach, edge)
    if window is None:
        return FineMatte(alpha.copy(), 0)
    share = _share(reach, drawn, edge)[window]
    part = trimap[window]
    if not (part == UNKNOWN).any():
        solved, tiles = part.astype(np.uint16) * np.uint16(257), 0
    else:
        around = np.ascontiguousarray(photo[window])
        # Of what was filed, the old alpha would pull to where the edge was wrong.
        faded = cv2.blur(part, (edge, edge))
        coarse = np.where(reach[window] > 0, faded, alpha[window] >> 8).astype(np.uint8)
        found = fine(coarse, around, refiner, trimap=part, threads=threads)
        solved, tiles = found.alpha, found.tiles
    whole = alpha.copy()
    mixed = solved * share + whole[window] * (1 - share)
    whole[window] = np.rint(mixed).clip(0, 65535).astype(np.uint16)
    return FineMatte(whole, tiles)


def _drawn(strokes: Sequence[Stroke], shape: tuple[int, ...]) -> tuple[NDArray[np.int16], int]:
    """(H, W) what was drawn at each pixel, -1 nothing; and how far edges may lie beside it."""
    drawn = np.full(shape, -1, np.int16)
    for stroke in strokes:
        label, width = _LABELS[stroke.mark], max(1, round(stroke.width))
        points = np.rint(np.array(stroke.points, np.float64)).astype(np.int32)
        if len(points) == 1:
            cv2.circle(drawn, points[0].tolist(), width // 2, label, cv2.FILLED)
        else:
            cv2.polylines(
                drawn, [points.reshape(-1, 1, 2)], isClosed=False, color=label, thickness=width
            )
    widest = max((stroke.width for stroke in strokes), default=0.0)
    return drawn, int(min(_MOST_EDGE, max(_LEAST_EDGE, _EDGE * widest)))


def _trimap(alpha: NDArray[np.uint16], drawn: NDArray[np.int16], edge: int) -> NDArray[np.uint8]:
    """What the matte says, what was drawn, and a band of doubt where the two contradict."""
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    trimap[alpha <= _SURE * 65535] = BACKGROUND
    trimap[alpha >= (1 - _SURE) * 65535] = FOREGROUND
    doubt = np.zeros(alpha.shape, np.uint8)
    for label, other in ((FOREGROUND, BACKGROUND), (BACKGROUND, FOREGROUND)):
        beside = cv2.dilate((drawn == label).astype(np.uint8), _disc(edge))
        doubt |= beside & (trimap == other).astype(np.uint8)
    trimap[doubt > 0] = UNKNOWN
    there = drawn >= 0
    trimap[there] = drawn[there].astype(np.uint8)
    return trimap


def _share(reach: NDArray[np.uint8], drawn: NDArray[np.int16], edge: int) -> NDArray[np.float32]:
    """(H, W) how much of the new matte counts: all where it was drawn, fading to nothing."""
    inside = cv2.distanceTransform(reach, cv2.DIST_L2, 3)
    share = np.asarray(np.minimum(1, inside / max(1, edge // 2)), np.float32)
    share[drawn >= 0] = 1
    return share


def _window(reach: NDArray[np.uint8], edge: int) -> tuple[slice, slice] | None:
    """What has to be looked at; None: nothing was drawn within the photo."""
    if not reach.any():
        return None
    left, top, width, height = cv2.boundingRect(reach)
    around = edge + _AROUND
    rows = slice(max(0, top - around), min(reach.shape[0], top + height + around))
    return rows, slice(max(0, left - around), min(reach.shape[1], left + width + around))


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
