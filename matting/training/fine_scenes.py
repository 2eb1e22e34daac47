"""What the fine network learns from: composed prints, and what closed form makes of them.

Each is (height, width, 7) uint8: RGB, the coarse alpha enlarged along the print's edges as a
refiner gets it, closed form's, where the band of the unknown is, and the exact alpha. All of it
comes by the very functions that run when a photo is matted, so that nothing there is new to the
network.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matting import people
from matting.people.looks import SUREST
from matting.picture.trimap import trimap_of
from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN, Tile
from matting.refiners.closed_form import ClosedForm
from matting.refiners.guided import refine
from matting.training import hair, prints
from matting.training.packs import Cut, cuts

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

_KNOWN = 0.85
"""Overlap with the truth from which the engine's own answer is refined: of drawn figures it
rightly says that they are nobody."""
_SIDES = 320, 1400
_FIGURE = 768
_SHARES = {"p3m": 0.3, "gfm": 0.2, "drawn": 0.25, "": 0.25}
"""How often which figures appear, by the beginning of their names."""


@dataclass(frozen=True, slots=True)
class Job:
    """One scene."""

    seed: int
    part: Path
    """Of the pack: figures/ and empty/."""
    selfie: Path
    out: Path


def write(pack: Path, selfie: Path, many: int, workers: int = 2) -> None:
    """Make scenes of the pack's parts, learn/scenes and choose/scenes; what is there stays."""
    jobs = [
        Job(first + number, pack / part, selfie, pack / part / "scenes" / f"{number:04}.npy")
        for part, first, count in (("choose", 10**6, max(4, many // 20)), ("learn", 0, many))
        for number in range(count)
    ]
    for part in ("choose", "learn"):
        (pack / part / "scenes").mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        for at, _ in enumerate(pool.map(_make, jobs)):
            sys.stderr.write(f"\rscene {at + 1} of {len(jobs)}")
    sys.stderr.write("\n")


def _make(job: Job) -> None:
    cv2.setNumThreads(1)
    if job.out.exists():
        return
    rng = np.random.default_rng([5, job.seed])
    name, cut = _figure(rng, job.part)
    picture, truth = composed(rng, cut, _backdrop(rng, job.part, _canvas(rng)))
    age = (prints.fresh, prints.faded, prints.damaged)[rng.choice(3, p=(0.36, 0.32, 0.32))]
    print_ = prints.compressed(rng, age(rng, picture))
    small = None if name.startswith("drawn") else _said(print_, truth, job.selfie)
    if small is None or rng.random() < 0.15:
        small = worsened(rng, truth)
    sure = cv2.resize(trimap_of(small), truth.shape[::-1], interpolation=cv2.INTER_NEAREST)
    coarse = np.rint(refine(small, print_) / 257).astype(np.uint8)
    np.save(job.out, solved(print_, coarse, np.asarray(sure, np.uint8), _eight(truth)))


def solved(print_: Bytes, coarse: Bytes, sure: Bytes, truth: Bytes) -> Bytes:
    """A scene: the four of one size, and closed form's answer, at a size that it can afford."""
    unknown = np.count_nonzero(sure == UNKNOWN)
    if unknown > ClosedForm.most_unknown:
        share = (ClosedForm.most_unknown / unknown) ** 0.5
        size = round(sure.shape[1] * share), round(sure.shape[0] * share)
        print_, coarse, truth = (
            np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.uint8)
            for one in (print_, coarse, truth)
        )
        sure = np.asarray(cv2.resize(sure, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    alpha = np.rint(ClosedForm().refine(Tile(print_, sure, coarse)) / 257).astype(np.uint8)
    alpha[sure == BACKGROUND], alpha[sure == FOREGROUND] = 0, 255
    band = np.where(sure == UNKNOWN, np.uint8(255), np.uint8(0))
    return np.dstack([print_, coarse, alpha, band, truth])


def _canvas(rng: np.random.Generator) -> tuple[int, int]:
    long = np.exp(rng.uniform(*np.log(_SIDES)))
    wide = np.exp(rng.uniform(np.log(0.62), np.log(1.5)))
    return round(long / max(1, wide)), round(long * min(1, wide))


def _figure(rng: np.random.Generator, part: Path) -> tuple[str, Cut]:
    every = _cuts(part)
    kinds = {
        kind: [name for name in every if _kind(name) == kind] for kind in _SHARES if kind != "drawn"
    }
    shares = {kind: share for kind, share in _SHARES.items() if kind == "drawn" or kinds[kind]}
    odds = np.array(list(shares.values()))
    kind = list(shares)[rng.choice(len(shares), p=odds / odds.sum())]
    if kind == "drawn":
        seed = int(rng.integers(10**6))
        return f"drawn-{seed}", Cut(*hair.figure(seed, _FIGURE), aspect=1.0, cut=True)
    name = kinds[kind][rng.integers(len(kinds[kind]))]
    return name, every[name]


def _kind(name: str) -> str:
    return next(kind for kind in _SHARES if name.startswith(kind))


@cache
def _cuts(part: Path) -> dict[str, Cut]:
    return dict(cuts(part / "figures"))


def composed(rng: np.random.Generator, cut: Cut, behind: Floats) -> tuple[Floats, Floats]:
    """Put a figure over a backdrop: the picture and its alpha, 0..1."""
    height, width = behind.shape[:2]
    tall = height * np.exp(rng.uniform(-0.7, 0.12))
    wide = min(tall * cut.aspect, width * rng.uniform(0.6, 1.1))
    tall = wide / cut.aspect
    side = len(cut.alpha)
    turn = rng.normal() * 0.05
    flip = -1 if rng.random() < 0.5 else 1
    scale = np.array([wide / side * flip, tall / side])
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * scale
    low = height - tall / 2 + rng.uniform(0, 0.03) * tall
    down = low if cut.cut else rng.uniform(0.35, 0.65) * height
    centre = np.array([rng.uniform(0.35, 0.65) * width, down])
    shift = centre - matrix @ np.array([side / 2, side / 2])
    affine = np.column_stack([matrix, shift])
    sigma = max(0.0, side / tall - 1) * 0.5
    colours, alpha = cut.colours, cut.alpha
    if sigma > 0.2:
        colours, alpha = (cv2.GaussianBlur(one, (0, 0), sigma) for one in (colours, alpha))
    size = width, height
    figure = cv2.warpAffine(colours, affine, size, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpAffine(alpha, affine, size).astype(np.float32) / 255
    figure = (figure.astype(np.float32) / 255) ** np.float32(np.exp(rng.uniform(-0.5, 0.5)))
    figure = figure * rng.uniform(0.7, 1.15, 1) * rng.uniform(0.93, 1.07, 3)
    share = cover[..., None]
    mixed = share * figure + (1 - share) * behind
    return np.asarray(mixed.clip(0, 1), np.float32), cover


def _backdrop(rng: np.random.Generator, part: Path, shape: tuple[int, int]) -> Floats:
    kind = rng.choice(4, p=(0.4, 0.2, 0.2, 0.2))
    if kind == 0:
        paths = _backdrops(part)
        return _window(rng, paths[rng.integers(len(paths))], shape)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    light = rng.uniform(0.15, 0.9) + rng.uniform(-0.25, 0.25) * x + rng.uniform(-0.25, 0.25) * y
    size = max(*shape) / 1280
    if kind == 1:
        tone = light - rng.uniform(0, 0.15) * (x * x + y * y)
        tone = tone + 0.05 * (prints.clouds(rng, shape, 90 * size) - 0.5)
    elif kind == 2:
        cells = (260, 0.5), (90, 0.35), (24, 0.25)
        tone = light + sum(s * (prints.clouds(rng, shape, c * size) - 0.5) for c, s in cells)
    else:
        leaf = prints.clouds(rng, shape, rng.uniform(5, 16) * size + 2)
        leaf = leaf * prints.clouds(rng, shape, rng.uniform(25, 70) * size)
        leaf = cv2.GaussianBlur(leaf, (0, 0), 0.3 + 1.3 * size)
        tone = rng.uniform(0, 0.3) + rng.uniform(0.4, 0.9) * (leaf / (leaf.max() + 1e-6))
    tint = rng.uniform(0.8, 1.15, 3)
    return np.asarray((tone[..., None] * tint).clip(0, 1), np.float32)


@cache
def _backdrops(part: Path) -> list[Path]:
    return sorted((part / "empty").glob("*.jpg"))


def _window(rng: np.random.Generator, path: Path, shape: tuple[int, int]) -> Floats:
    """Some of a photo without people."""
    whole = cv2.cvtColor(np.asarray(cv2.imread(str(path)), np.uint8), cv2.COLOR_BGR2RGB)
    side = round(len(whole) * rng.uniform(0.4, 1))
    top, left = rng.integers(len(whole) - side + 1, size=2)
    part = whole[top : top + side, left : left + side]
    large = cv2.resize(part, shape[::-1], interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.5:
        large = cv2.GaussianBlur(large, (0, 0), rng.uniform(0.5, 0.006 * max(shape) + 0.6))
    flipped = large[:, ::-1] if rng.random() < 0.5 else large
    return np.asarray(flipped * np.float32(1 / 255), np.float32)


@cache
def _networks(selfie: Path) -> people.Networks:
    return people.Networks.load(str(selfie))


def _said(picture: Bytes, truth: Floats, selfie: Path) -> Bytes | None:
    """The engine's matte as it decides it; None where it is too wrong to learn an edge from."""
    found = people.find(picture, _networks(selfie))
    sure = (found.probability - (1 - SUREST)) / (2 * SUREST - 1)
    small = _eight(sure.clip(0, 1))
    large = cv2.resize(small, truth.shape[::-1]) > 127
    either = np.count_nonzero(large | (truth > 0.5))
    known = np.count_nonzero(large & (truth > 0.5)) > _KNOWN * either
    size = min(small.shape[1], truth.shape[1]), min(small.shape[0], truth.shape[0])
    return cv2.resize(small, size, interpolation=cv2.INTER_AREA) if known else None


def worsened(rng: np.random.Generator, truth: Floats) -> Bytes:
    """The truth made as bad as a network's answer, at the size of one."""
    height, width = truth.shape
    if rng.random() < 0.5:
        size = 256, 256
    else:
        scale = float(rng.uniform(300, 512)) / max(height, width)
        size = max(16, round(width * scale)), max(16, round(height * scale))
    size = min(size[0], width), min(size[1], height)
    small = cv2.GaussianBlur(
        cv2.resize(truth, size, interpolation=cv2.INTER_AREA), (0, 0), rng.uniform(0.5, 3.2)
    )
    moved = small + (prints.clouds(rng, small.shape, rng.uniform(6, 30)) - 0.5) * rng.uniform(0, 1)
    moved = (moved - 0.5) * rng.uniform(1.2, 4) + 0.5 + rng.uniform(-0.35, 0.35)
    near = cv2.dilate(small, np.ones((9, 9), np.uint8)) > 0.02
    deep = cv2.erode(small, np.ones((9, 9), np.uint8)) > 0.98
    return _eight(np.where(deep, np.maximum(moved, 0.97), np.where(near, moved, 0)).clip(0, 1))


def _eight(values: NDArray[np.floating]) -> Bytes:
    return np.asarray(np.rint(values * 255).clip(0, 255), np.uint8)


def scenes(part: Path) -> Iterator[Bytes]:
    """The scenes of a part."""
    for path in sorted((part / "scenes").glob("*.npy")):
        yield np.load(path, mmap_mode="r")
