"""Drawn figures with hair, fur, feathers, lace and veils, whose alpha is exact.

Each strand is a tapered curve drawn at four times the size. They look like nobody, and need not:
the fine network learns what edges look like, not who has them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

_FINER = 8
"""Bits of fraction that OpenCV draws with."""


def figure(seed: int, side: int) -> tuple[Bytes, Bytes]:
    """Draw one.

    Returns:
        (side, side, 3) uint8 RGB, not premultiplied, and (side, side) uint8 alpha.
    """
    rng = np.random.default_rng([11, seed])
    colour = rng.uniform(0.05, 0.95, 3) * rng.uniform(0.4, 1)
    shape = _body(rng, side)
    colours = _cloth(rng, side, colour)
    kind = ("hair", "curls", "fur", "feathers", "veil", "lace")[seed % 6]
    if kind in ("veil", "lace"):
        shape = np.maximum(shape, _veil(rng, side, lace=kind == "lace"))
    else:
        strands, shade = _strands(rng, shape, kind)
        tint = (rng.uniform(0.02, 0.9, 3) * rng.uniform(0.2, 1)).astype(np.float32)
        hair = np.clip(tint * shade[..., None], 0, 1)
        over = strands[..., None] * 0.9
        colours = colours * (1 - over) + hair * over
        spread = cv2.dilate(strands, np.ones((9, 9)))[..., None] > 0.02
        colours = np.where(spread & (shape[..., None] < 0.5), hair, colours)
        shape = 1 - (1 - shape) * (1 - strands)
    return _bytes(colours), _bytes(shape)


def _body(rng: np.random.Generator, side: int) -> Floats:
    """A head and shoulders, or a lump."""
    large = np.zeros((side, side), np.uint8)
    centre = np.array([rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.5)]) * side
    radius = rng.uniform(0.12, 0.24) * side
    turns = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    wave = sum(rng.normal() * 0.06 / k * np.sin(k * turns + rng.uniform(0, 6)) for k in range(1, 7))
    reach = radius * (1 + wave)
    rim = np.stack([centre[0] + reach * np.cos(turns), centre[1] + 1.25 * reach * np.sin(turns)], 1)
    cv2.fillPoly(large, [_fixed(rim)], 255, cv2.LINE_AA, _FINER)
    wide = rng.uniform(1.2, 2) * radius
    low = centre[1] + radius * rng.uniform(1.3, 1.8)
    shoulders = [
        [centre[0] - wide, side],
        [centre[0] - wide * 0.8, low],
        [centre[0], low - radius * 0.8],
        [centre[0] + wide * 0.8, low],
        [centre[0] + wide, side],
    ]
    cv2.fillPoly(large, [_fixed(np.array(shoulders))], 255, cv2.LINE_AA, _FINER)
    soft = cv2.GaussianBlur(large, (0, 0), rng.uniform(0.5, 2.5))
    return soft.astype(np.float32) / 255


def _strands(rng: np.random.Generator, shape: Floats, kind: str) -> tuple[Floats, Floats]:
    """Coverage of all strands, and how light they are."""
    side = len(shape)
    edges = np.argwhere((shape > 0.3) & (shape < 0.9))
    edges = edges[edges[:, 0] < side * rng.uniform(0.55, 0.95)]
    middle = np.argwhere(shape > 0.5).mean(0)
    many, length, curl, thick = {
        "hair": (500, 0.16, 0.5, 1.3),
        "curls": (420, 0.13, 2.5, 1.2),
        "fur": (1100, 0.05, 0.4, 1.2),
        "feathers": (40, 0.2, 0.3, 1.2),
    }[kind]
    many = round(many * rng.uniform(0.4, 1.6))
    length *= rng.uniform(0.5, 1.5)
    fall, cover = rng.uniform(-0.2, 1.2), np.zeros((side, side), np.float32)
    shade = np.full((side, side), rng.uniform(0.6, 1), np.float32)
    for start in edges[rng.integers(len(edges), size=many)]:
        away = (start - middle) / (np.linalg.norm(start - middle) + 1e-6)
        heading = np.arctan2(away[0] + rng.normal() * 0.25, away[1] + rng.normal() * 0.25)
        path = _path(rng, start[::-1], heading, length * side * rng.uniform(0.4, 1.3), (curl, fall))
        width = thick * rng.uniform(0.5, 1.4) * side / 700
        opaque = rng.uniform(0.35, 1)
        _stroke(cover, shade, path, (width, opaque, rng.uniform(0.4, 1.5)))
        if kind == "feathers":
            for at in range(2, len(path) - 1):
                for turn in (-0.7, 0.7):
                    barb = heading + turn + rng.normal() * 0.1
                    fine = _path(
                        rng, path[at], barb, 0.04 * side * rng.uniform(0.5, 1.2), (0.2, 0.3)
                    )
                    _stroke(cover, shade, fine, (0.8 * side / 700, 0.6, rng.uniform(0.5, 1.4)))
    soft = rng.uniform(0.4, 1.1) * side / 700
    return cv2.GaussianBlur(cover, (0, 0), soft), cv2.GaussianBlur(shade, (0, 0), soft)


def _path(
    rng: np.random.Generator,
    start: NDArray[np.float64],
    heading: float,
    length: float,
    bends: tuple[float, float],
) -> NDArray[np.float64]:
    steps, (curl, fall) = 14, bends
    turn = rng.normal() * curl / steps
    points, at = [np.asarray(start, float)], np.asarray(start, float)
    for step in range(steps):
        heading += turn + rng.normal() * curl * 0.12
        heading += fall * 0.06 * np.cos(heading) * step / steps
        at = at + length / steps * np.array([np.cos(heading), np.sin(heading)])
        points.append(at)
    return np.array(points)


def _stroke(
    cover: Floats, shade: Floats, path: NDArray[np.float64], how: tuple[float, float, float]
) -> None:
    """Draw a curve that thins out; thinner than a pixel is less opaque."""
    width, opaque, light = how
    low = np.maximum(np.floor(path.min(0)).astype(int) - 4, 0)
    high = np.minimum(np.ceil(path.max(0)).astype(int) + 5, len(cover))
    if (high - low < 2).any():
        return
    area = slice(low[1], high[1]), slice(low[0], high[0])
    drawn = np.zeros(cover[area].shape, np.uint8)
    last = len(path) - 1
    for at in range(last):
        here = width * (1 - 0.8 * at / last)
        value = round(255 * opaque * min(1.0, here))
        line = _fixed(path[at : at + 2] - low)
        cv2.line(drawn, line[0], line[1], value, max(1, round(here)), cv2.LINE_AA, _FINER)
    one = drawn.astype(np.float32) / 255
    cover[area] = 1 - (1 - cover[area]) * (1 - one)
    shade[area] = shade[area] * (1 - one) + light * one


def _veil(rng: np.random.Generator, side: int, *, lace: bool) -> Floats:
    """Half transparent cloth: folds, or a pattern of holes."""
    area = np.zeros((side, side), np.uint8)
    middle, wide = rng.uniform(0.4, 0.6) * side, rng.uniform(0.15, 0.35) * side
    top, left, right = rng.uniform(0.02, 0.2) * side, -0.1 * side, 1.1 * side
    rim = [[middle - wide, top + wide], [middle, top], [middle + wide, top + wide]]
    low = [[rng.uniform(0.65, 1) * right, side], [rng.uniform(0, 0.3) * side + left, side]]
    cv2.fillPoly(area, [_fixed(np.array(rim + low))], 255, cv2.LINE_AA, _FINER)
    inside = cv2.GaussianBlur(area, (0, 0), rng.uniform(1, 3)).astype(np.float32) / 255
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    bend = cv2.resize(
        rng.normal(size=(5, 5)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC
    )
    waves = 0.5 + 0.5 * np.sin(x * rng.uniform(20, 70) + bend * 2 + y * rng.uniform(-9, 9))
    if not lace:
        return inside * np.clip(rng.uniform(0.15, 0.5) + 0.4 * waves, 0, 0.95)
    many = rng.uniform(30, 80)
    holes = np.sin(x * many * 2 + bend) * np.sin(y * many * 2 + bend) + 0.4 * waves
    return inside * np.clip((holes - rng.uniform(-0.3, 0.3)) * 3, 0.05, 1)


def _cloth(rng: np.random.Generator, side: int, colour: NDArray[np.float64]) -> Floats:
    picture = np.ones((side, side, 1), np.float32)
    for cells in (4, 12, 60):
        noise = rng.normal(size=(cells, cells)).astype(np.float32)
        smooth = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
        picture = picture + rng.uniform(0, 0.25) * smooth[..., None]
    return np.clip(picture * colour.astype(np.float32), 0, 1)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(points * 2**_FINER).astype(np.int32)


def _bytes(values: Floats) -> Bytes:
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
