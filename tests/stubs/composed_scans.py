"""Scans of several prints on a flatbed, composed so that it is known exactly where each lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

A4_MM = (210.0, 297.0)
SIZES_MM = ((60, 90), (70, 100), (90, 130), (100, 150), (60, 60), (89, 89), (50, 75), (75, 105))
PLATENS = ("white", "black", "grey")
_LEVELS = {"white": (243, 254), "black": (6, 26), "grey": (110, 175)}
_LIGHTER = 4
"""The prints' edges are drawn so many times as large, so that no edge is jagged."""


@dataclass(frozen=True, slots=True)
class Print:
    """Where a print lies, mm and degrees; x and y are of its middle."""

    x: float
    y: float
    width: float
    height: float
    degrees: float

    def corners(self, per_mm: float = 1.0) -> NDArray[np.float32]:
        """Top left, top right, bottom right, bottom left."""
        box = ((self.x * per_mm, self.y * per_mm), (1, 1), self.degrees)
        turn = np.deg2rad(box[2])
        right = np.array([np.cos(turn), np.sin(turn)]) * self.width * per_mm / 2
        down = np.array([-np.sin(turn), np.cos(turn)]) * self.height * per_mm / 2
        middle = np.array(box[0])
        return np.array(
            [middle - right - down, middle + right - down, middle + right + down,
             middle - right + down], np.float32,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A scan, and what is true of it."""

    pixels: NDArray[np.uint8]
    prints: tuple[Print, ...]
    per_mm: float
    what: str


def iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Of two rectangles by their corners."""
    shared = cv2.intersectConvexConvex(one, other)[0]
    return float(shared / (cv2.contourArea(one) + cv2.contourArea(other) - shared))


def _apart(one: Print, others: Sequence[Print], least_mm: float) -> bool:
    a = one.corners()
    for other in others:
        b = other.corners()
        if cv2.intersectConvexConvex(a, b)[0] > 0.05:
            return False
        near = min(
            *(abs(cv2.pointPolygonTest(b, tuple(map(float, p)), measureDist=True)) for p in a),
            *(abs(cv2.pointPolygonTest(a, tuple(map(float, p)), measureDist=True)) for p in b),
        )
        if near < least_mm - 0.05:
            return False
    return True


def _inside(one: Print, width: float, height: float) -> bool:
    corners = one.corners()
    return bool(
        corners[:, 0].min() > 1.5
        and corners[:, 1].min() > 1.5
        and corners[:, 0].max() < width - 1.5
        and corners[:, 1].max() < height - 1.5
    )


def _sized(rng: np.random.Generator, degrees: float) -> Print:
    width, height = SIZES_MM[rng.integers(len(SIZES_MM))]
    if rng.random() < 0.5:
        width, height = height, width
    trim = rng.uniform(0.95, 1.05)
    return Print(0, 0, width * trim, height * trim, degrees)


_CORNER_MM, _HIDDEN_MM = (5.0, 12.0), (20.0, 45.0)
_MOST_BESIDE_HIDDEN = 6


def laid_out(rng: np.random.Generator, count: int) -> tuple[Print, ...]:
    """Prints laid beside each other as people do: 0 to 12 mm apart, -8 to 8 degrees askew."""
    width, height = A4_MM
    placed: list[Print] = []
    for _ in range(4000):
        if len(placed) == count:
            break
        if not placed:
            one = _sized(rng, rng.uniform(-8, 8))
            x, y = rng.uniform(0, width), rng.uniform(0, height)
            candidate = Print(x, y, one.width, one.height, one.degrees)
        else:
            beside = placed[rng.integers(len(placed))]
            gap = rng.choice([0.0, rng.uniform(0, 2), rng.uniform(2, 12)], p=[0.15, 0.2, 0.65])
            degrees = beside.degrees if gap < 0.5 else rng.uniform(-8, 8)
            one = _sized(rng, float(np.clip(degrees, -8, 8)))
            candidate = _beside(rng, beside, one, float(gap))
        if _inside(candidate, width, height) and _apart(candidate, placed, 0.0):
            placed.append(candidate)
    return tuple(placed)


def _beside(rng: np.random.Generator, beside: Print, one: Print, gap: float) -> Print:
    turn = np.deg2rad(beside.degrees)
    right = np.array([np.cos(turn), np.sin(turn)])
    down = np.array([-np.sin(turn), np.cos(turn)])
    askew = abs(np.sin(np.deg2rad(one.degrees - beside.degrees)))
    if rng.random() < 0.5:
        reach = (beside.width + one.width) / 2 + gap + askew * one.height / 2
        slide = rng.uniform(-0.5, 0.5) * beside.height
        at = rng.choice([-1, 1]) * reach * right + slide * down
    else:
        reach = (beside.height + one.height) / 2 + gap + askew * one.width / 2
        slide = rng.uniform(-0.5, 0.5) * beside.width
        at = rng.choice([-1, 1]) * reach * down + slide * right
    return Print(beside.x + at[0], beside.y + at[1], one.width, one.height, one.degrees)


def _covering(
    rng: np.random.Generator, placed: tuple[Print, ...], depth_mm: tuple[float, float]
) -> tuple[Print, ...]:
    """One more print, which covers another's corner so deep."""
    for _ in range(400):
        under = placed[rng.integers(len(placed))]
        corner = under.corners()[rng.integers(4)]
        one = _sized(rng, rng.uniform(-8, 8))
        out = corner - np.array([under.x, under.y])
        signs = np.sign(out)
        depth = rng.uniform(*depth_mm)
        x, y = corner + signs * (np.array([one.width, one.height]) / 2 - depth)
        over = Print(float(x), float(y), one.width, one.height, one.degrees)
        others = [each for each in placed if each is not under]
        if _inside(over, *A4_MM) and _apart(over, others, 0.5):
            return (*placed, over)
    return placed


def composed(
    seed: int,
    photos: Sequence[NDArray[np.uint8]],
    *,
    dpi: float = 150.0,
    count: int | None = None,
    hidden: bool = False,
) -> Scan:
    """A scan of an A4 platen with 2 to 9 prints; ``hidden``: one hides much of another."""
    rng = np.random.default_rng(seed)
    per_mm = dpi / 25.4
    platen = PLATENS[seed % len(PLATENS)]
    count = count or int(rng.integers(2, 10))
    if hidden:
        prints = _covering(rng, laid_out(rng, min(count, _MOST_BESIDE_HIDDEN)), _HIDDEN_MM)
    else:
        prints = laid_out(rng, count)
    overlapped = rng.random() < 0.12
    if overlapped:
        prints = _covering(rng, prints, _CORNER_MM)
    width, height = (round(side * per_mm) for side in A4_MM)
    low, high = _LEVELS[platen]
    base = rng.uniform(low, high) + rng.uniform(-1.5, 1.5, 3)
    slope = rng.uniform(-3, 3, 2)
    x = np.linspace(-0.5, 0.5, width)[None, :, None]
    y = np.linspace(-0.5, 0.5, height)[:, None, None]
    canvas = (base + slope[0] * x + slope[1] * y + np.zeros((height, width, 3))).astype(np.float32)
    for one in prints:
        photo = photos[int(rng.integers(len(photos)))]
        _lay(canvas, one, photo, per_mm, rng)
    _dust(canvas, rng, per_mm)
    canvas += rng.normal(0, rng.uniform(0.8, 2.2), canvas.shape).astype(np.float32)
    what = platen + (", one over another's corner" if overlapped else "")
    return Scan(np.clip(np.round(canvas), 0, 255).astype(np.uint8), prints, per_mm, what)


def _lay(
    canvas: NDArray[np.float32],
    one: Print,
    photo: NDArray[np.uint8],
    per_mm: float,
    rng: np.random.Generator,
) -> None:
    width, height = round(one.width * per_mm), round(one.height * per_mm)
    face = _face(photo, width, height, per_mm, rng)
    mask = np.ones((height, width), np.float32)
    if rng.random() < 0.15:
        mask = _deckled(width, height, per_mm)
    corners = one.corners(per_mm)
    reach = 6 + round(per_mm)
    left, top = np.maximum(0, np.floor(corners.min(axis=0)).astype(int) - reach)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + reach
    canvas = canvas[top:bottom, left:right]  # a view: what follows is seen in the whole
    corners = corners - np.array([left, top], np.float32)
    source = np.array([[0, 0], [width, 0], [width, height]], np.float32) - 0.5
    turn = cv2.getAffineTransform(source, corners[:3] - 0.5)
    size = canvas.shape[1], canvas.shape[0]
    padded = cv2.copyMakeBorder(mask, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0)
    shift = turn.copy()
    shift[:, 2] -= turn[:, :2] @ np.array([2.0, 2.0])
    alpha = cv2.warpAffine(padded, shift, size, flags=cv2.INTER_LINEAR)[..., None]
    # Light comes from one side: a print throws a thin shadow on the platen on the other one.
    step = max(1.0, 0.25 * per_mm)
    moved = shift + np.array([[0, 0, step * 0.6], [0, 0, step]])
    shade = cv2.GaussianBlur(cv2.warpAffine(padded, moved, size), (0, 0), step / 2)[..., None]
    canvas *= 1 - rng.uniform(0.03, 0.25) * shade * (1 - alpha)
    laid = cv2.warpAffine(
        face.astype(np.float32), turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    canvas *= 1 - alpha
    canvas += laid * alpha


def _face(
    photo: NDArray[np.uint8], width: int, height: int, per_mm: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A print's face: the photo, cropped to its shape; with a paper's border, or without."""
    border = rng.choice([0.0, rng.uniform(2, 5)], p=[0.4, 0.6])
    edge = round(float(border) * per_mm)
    inner = max(8, width - 2 * edge), max(8, height - 2 * edge)
    scale = max(inner[0] / photo.shape[1], inner[1] / photo.shape[0])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    sized = cv2.resize(photo, None, fx=scale * 1.001, fy=scale * 1.001, interpolation=way)
    top, left = (sized.shape[0] - inner[1]) // 2, (sized.shape[1] - inner[0]) // 2
    picture = sized[top : top + inner[1], left : left + inner[0]]
    if rng.random() < 0.5:  # black and white, toned
        grey = picture.mean(axis=2, keepdims=True)
        picture = np.clip(grey * rng.uniform([0.95, 0.88, 0.75], 1.0), 0, 255)
    paper = rng.uniform(222, 250) * rng.uniform([0.99, 0.96, 0.88], 1.0)
    face = np.broadcast_to(paper, (height, width, 3)).copy()
    face[edge : edge + picture.shape[0], edge : edge + picture.shape[1]] = picture
    return face.astype(np.uint8)


def _deckled(width: int, height: int, per_mm: float) -> NDArray[np.float32]:
    """Scalloped edges: a wave of 2 mm, 0.7 mm deep."""
    x, y = np.arange(width)[None], np.arange(height)[:, None]
    wave = 2 * np.pi / (2.0 * per_mm)
    deep = 0.7 * per_mm
    of_x, of_y = deep * np.abs(np.sin(wave * x / 2)), deep * np.abs(np.sin(wave * y / 2))
    inside = (x >= of_y) & (x < width - of_y) & (y >= of_x) & (y < height - of_x)
    return inside.astype(np.float32)


def _dust(canvas: NDArray[np.float32], rng: np.random.Generator, per_mm: float) -> None:
    height, width = canvas.shape[:2]
    for _ in range(int(rng.integers(10, 80))):
        at = int(rng.integers(width)), int(rng.integers(height))
        level = float(rng.uniform(0, 255))
        if rng.random() < 0.85:
            radius = max(1, round(rng.uniform(0.05, 0.3) * per_mm))
            cv2.circle(canvas, at, radius, (level,) * 3, -1, cv2.LINE_AA)
        else:
            bend = rng.integers(-round(8 * per_mm), round(8 * per_mm), (4, 2)).cumsum(axis=0)
            points = (np.array(at) + bend // 3).astype(np.int32)
            cv2.polylines(canvas, [points], isClosed=False, color=(level,) * 3, thickness=1)
