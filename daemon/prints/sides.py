"""A print's sides, moved to where they are.

Outwards over a border as white as the platen; then to the sharpest edge, at full resolution.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints.rectangle import Rectangle

_SIDES = ("left", "top", "right", "bottom")
_SEEN = 0.9
"""Lab's units: how far the mean of a line along a side has to be from the platen to be paper."""
_PLAIN = 4.0
"""Lab's units: the spread along such a line; what is no plain paper is not gone over."""
_SAMPLES = 320
_CORNER = 0.06
"""Of a side, at either end, that is not looked at: corners are worn and round."""
_AGREEING = 0.45
_DECKLED = 8.0
"""Pixels of the small copy: deckled edges are less deep."""
_SIDES_OF_BORDER = 3


def _strip(
    picture: NDArray[Any], rectangle: Rectangle, side: str, inwards: float, outwards: float
) -> NDArray[np.float32]:
    """(steps, samples, channels): lines along a side, from inside to outside, a pixel apart."""
    right, down = rectangle.axes
    along, out, length, away = {
        "left": (down, -right, rectangle.height, rectangle.width / 2),
        "right": (down, right, rectangle.height, rectangle.width / 2),
        "top": (right, -down, rectangle.width, rectangle.height / 2),
        "bottom": (right, down, rectangle.width, rectangle.height / 2),
    }[side]
    positions = np.linspace(-0.5 + _CORNER, 0.5 - _CORNER, _SAMPLES) * length
    steps = np.arange(-round(inwards), round(outwards) + 1)
    middle = np.array([rectangle.x, rectangle.y])
    at = (middle + positions[None, :, None] * along + (away + steps)[:, None, None] * out).astype(
        np.float32
    )
    return np.asarray(
        cv2.remap(
            picture, at[:, :, 0], at[:, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.float32,
    )


def over_borders(
    off: NDArray[np.float32],
    others: NDArray[np.uint8],
    rectangle: Rectangle,
    reach: float,
) -> Rectangle:
    """Move sides out over plain paper that is hardly darker than the platen.

    Averaged along a side, a difference is seen that is lost in the noise of one pixel.

    Args:
        off: (height, width, 3) how far each pixel is from the platen, Lab.
        others: (height, width) 1 where another print lies.
        rectangle: of the print.
        reach: how far to look, pixels.
    """
    moved = {side: _paper(off, others, rectangle, side, reach) for side in _SIDES}
    return rectangle.grown(**moved)


def over_left(lies: NDArray[np.uint8], rectangle: Rectangle, reach: float) -> Rectangle:
    """Move sides out over what lies there beside them, and in no other print.

    A deckled edge shows no line; where half of it is passed, it ends.

    Args:
        lies: (height, width) 1 where something lies that is in no other print.
        rectangle: of the print.
        reach: how far to look, pixels.
    """
    beside = {side: _beside(lies, rectangle, side, reach) for side in _SIDES}
    if sum(way > _DECKLED for way in beside.values()) < _SIDES_OF_BORDER:
        # What lies at one side alone is no border: another print may look out from below.
        beside = {side: min(way, _DECKLED) for side, way in beside.items()}
    return rectangle.grown(**beside)


def _beside(lies: NDArray[np.uint8], rectangle: Rectangle, side: str, reach: float) -> float:
    strip = _strip(lies.astype(np.float32), rectangle, side, 0, reach)[1:]
    ends = np.flatnonzero(strip.mean(axis=1) < 0.5)
    return float(ends[0]) if len(ends) else 0.0


def _paper(
    off: NDArray[np.float32],
    others: NDArray[np.uint8],
    rectangle: Rectangle,
    side: str,
    reach: float,
) -> float:
    strip = _strip(off, rectangle, side, 0, reach)[1:]
    taken = _strip(others.astype(np.float32), rectangle, side, 0, reach)[1:].mean(axis=1)
    seen = np.linalg.norm(np.median(strip, axis=1), axis=1)
    spread = np.median(np.linalg.norm(strip - np.median(strip, axis=1)[:, None], axis=2), axis=1)
    paper = (seen > _SEEN) & (spread < _PLAIN) & (taken < 0.1)
    ends = np.flatnonzero(~paper)
    return float(ends[0]) if len(ends) and ends[0] < len(paper) - 1 else 0.0


def snapped(picture: NDArray[Any], rectangle: Rectangle, reach: float) -> Rectangle:
    """Move and turn a rectangle so that its sides lie on the sharpest edges near them.

    Args:
        picture: (height, width, channels) at the resolution that counts; of any type.
        rectangle: good to within ``reach`` pixels.
        reach: pixels.
    """
    found = {side: _edge(picture, rectangle, side, reach) for side in _SIDES}
    slopes = {
        side: slope
        * (1 if side in {"top", "left"} else -1)
        * (-1 if side in {"top", "bottom"} else 1)
        for side, (_, slope, agreeing) in found.items()
        if agreeing >= _AGREEING
    }
    moves = {side: move for side, (move, _, agreeing) in found.items() if agreeing >= _AGREEING}
    turn = float(np.median(list(slopes.values()))) if slopes else 0.0
    turned = replace(rectangle, degrees=rectangle.degrees + float(np.rad2deg(np.arctan(turn))))
    return turned.grown(**{side: moves.get(side, 0.0) for side in _SIDES})


def _edge(
    picture: NDArray[Any], rectangle: Rectangle, side: str, reach: float
) -> tuple[float, float, float]:
    """How far out the edge lies, how it slopes, and what share of the side agrees with that."""
    strip = _strip(picture, rectangle, side, reach + 2, reach + 2)
    strip = cv2.blur(strip, (5, 1)) if strip.ndim == 3 else strip
    strip = strip / np.float32(257) if picture.dtype == np.uint16 else strip
    steep = np.linalg.norm(strip[2:] - strip[:-2], axis=2)
    steps = np.arange(len(steep)) - (len(steep) - 1) / 2
    peaks = steps[np.argmax(steep, axis=0)]
    strong = np.max(steep, axis=0) > 3 * np.median(steep) + 2
    length = rectangle.height if side in {"left", "right"} else rectangle.width
    positions = np.linspace(-0.5 + _CORNER, 0.5 - _CORNER, _SAMPLES) * length
    if strong.sum() < _SAMPLES // 5:
        return 0.0, 0.0, 0.0
    x, y = positions[strong], peaks[strong]
    move, slope = _line(x, y, max(1.0, reach / 8))
    agreeing = np.abs(move + slope * x - y) <= max(1.2, reach / 8)
    return move, slope, float(agreeing.sum()) / _SAMPLES


def _line(x: NDArray[np.float64], y: NDArray[np.float64], tolerance: float) -> tuple[float, float]:
    """The line that most points agree with: tried through pairs of them, then fitted to those."""
    draw = np.random.default_rng(len(x)).integers(0, len(x), (120, 2))
    draw = draw[np.abs(x[draw[:, 0]] - x[draw[:, 1]]) > 0.2 * np.ptp(x)]
    slopes = (y[draw[:, 1]] - y[draw[:, 0]]) / (x[draw[:, 1]] - x[draw[:, 0]])
    moves = y[draw[:, 0]] - slopes * x[draw[:, 0]]
    slopes, moves = np.append(slopes, 0.0), np.append(moves, np.median(y))
    near = np.abs(moves[:, None] + slopes[:, None] * x - y) <= tolerance
    kept = near[np.argmax(near.sum(axis=1))]
    if kept.sum() < 3:
        return float(np.median(y)), 0.0
    slope, move = np.polyfit(x[kept], y[kept], 1)
    return float(move), float(slope)
