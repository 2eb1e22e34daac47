"""Makes the packs: teachers are asked about each photo once, figures cut out where they agree."""

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

from matting.refiners import guided as refine
from matting.training import packs, sets
from matting.training.teachers import LABEL_SIDE, Opinion, Teachers

SIDE = 448
"""Of photos in the pack; a window of 0.7 of one still has what the network can see."""
FIGURE_SIDE = 384
FINE_FIGURE_SIDE, FINE_BACKDROP_SIDE = 768, 704
_FINE_EVERY = 3
"""Every how many-th portrait and backdrop the fine network learns from."""
_OVALS = "pg33358-"
"""A source of which the teachers take the whole mount for the figure."""
_CUT_SIDE = 600
"""The long side at which figures are cut out."""
AGREED = 0.86
"""From which agreement on a figure is cut out."""
_CHOSEN_PORTRAIT = "p3m-22fc0130"
"""The one of alpha/predicted's five persons that chooses between checkpoints."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where all comes from and goes."""

    training: Path
    """The folder with people, empty and alpha."""
    labels: Path
    """What the teachers said, kept between runs."""
    pack: Path


def ask(sources: Sources, networks: Path, workers: int = 2) -> None:
    """Ask the teachers about every photo they were not asked about yet.

    Args:
        sources: see there.
        networks: the folder with selfie_segmentation.tflite and u2netp.onnx.
        workers: processes that ask at once.
    """
    sources.labels.mkdir(parents=True, exist_ok=True)
    paths = sorted((sources.training / "people").iterdir())
    jobs = [(path, sources.labels / f"{path.stem}.png", networks) for path in paths]
    with ProcessPoolExecutor(workers) as pool:
        for at, _ in enumerate(pool.map(_asked, jobs)):
            sys.stderr.write(f"\rasked about {at + 1} of {len(paths)}")
    sys.stderr.write("\n")


def _asked(job: tuple[Path, Path, Path]) -> None:
    path, label, networks = job
    if label.exists():
        return
    cv2.setNumThreads(1)
    said = _teachers(networks).ask(_read(path))
    channels = np.dstack([said.whole, said.windows, said.salient, said.search])
    part = label.with_suffix(".part.png")
    cv2.imwrite(str(part), (channels * 255 + 0.5).astype(np.uint8))
    part.replace(label)


@cache
def _teachers(networks: Path) -> Teachers:
    return Teachers(networks / "selfie_segmentation.tflite", networks / "u2netp.onnx")


def write(sources: Sources, workers: int = 4) -> None:
    """Write the pack: learn/ and choose/, with people, labels, empty and figures; learn/beasts."""
    with ProcessPoolExecutor(workers) as pool:
        for part in ("choose", "learn"):
            folder = sources.pack / part
            empty = [(path, folder / "empty", SIDE) for path in _of("empty", part, sources)]
            people = [(path, folder, sources.labels) for path in _of("people", part, sources)]
            list(pool.map(_put_empty, empty, chunksize=4))
            cut = [one for one in pool.map(_put_person, people, chunksize=4) if one]
            cut += [one for one in _predicted(sources, "p3m-*") if _part_of(one[0]) == part]
            many = packs.put_figures(cut, folder / "figures")
            sys.stderr.write(f"{part}: {many} figures\n")
    packs.put_figures(_predicted(sources, "gfm-*"), sources.pack / "learn" / "beasts")


def write_fine(sources: Sources, workers: int = 4) -> None:
    """Write the fine network's pack: fewer figures, larger; animals among them, for their fur."""
    with ProcessPoolExecutor(workers) as pool:
        for part, every in (("choose", 1), ("learn", _FINE_EVERY)):
            folder = sources.pack / part
            backdrops = list(_of("empty", part, sources))[::every]
            jobs = [(path, folder / "empty", FINE_BACKDROP_SIDE) for path in backdrops]
            list(pool.map(_put_empty, jobs))
            portraits = [
                (path, sources.labels)
                for path in list(_of("people", part, sources))[::every]
                if path.name.startswith("congress-modern")
            ]
            cut = [one for one in pool.map(_cut_portrait, portraits) if one]
            beasts = "gfm-*" if part == "learn" else "pymatting-*"
            cut += _predicted(sources, beasts, FINE_FIGURE_SIDE)
            persons = _predicted(sources, "p3m-*", FINE_FIGURE_SIDE)
            cut += [one for one in persons if _part_of(one[0]) == part]
            packs.put_figures(cut, folder / "figures")


def _cut_portrait(job: tuple[Path, Path]) -> tuple[str, packs.Cut] | None:
    path, labels = job
    picture = _read(path)
    alpha = agreed(opinion(labels / f"{path.stem}.png"), picture)
    cut = None if alpha is None else packs.cut_out(picture, alpha, FINE_FIGURE_SIDE)
    return (path.stem, cut) if cut else None


def _put_empty(job: tuple[Path, Path, int]) -> None:
    path, folder, side = job
    packs.put_photo(_read(path), folder / path.name, side)


def _put_person(job: tuple[Path, Path, Path]) -> tuple[str, packs.Cut] | None:
    """Write a photo and its label; return the figure cut out, where the teachers agree on one."""
    path, folder, labels = job
    picture = _read(path)
    packs.put_photo(picture, folder / "people" / path.name, SIDE)
    label = labels / f"{path.stem}.png"
    said = opinion(label)
    channels = np.dstack([said.whole, said.search, said.salient])
    packs.put_label((channels * 255 + 0.5).astype(np.uint8), folder / "labels" / f"{path.stem}.jpg")
    if said.agreement < AGREED or path.name.startswith(_OVALS):
        return None
    picture = _shrunk(picture, _CUT_SIDE)
    alpha = agreed(said, picture)
    cut = None if alpha is None else packs.cut_out(picture, alpha, FIGURE_SIDE)
    return (path.stem, cut) if cut else None


def _part_of(name: str) -> str:
    return "choose" if name == _CHOSEN_PORTRAIT else "learn"


def opinion(label: Path) -> Opinion:
    """What the teachers said, read back."""
    channels = np.asarray(cv2.imread(str(label), cv2.IMREAD_UNCHANGED), np.float32) / 255
    return Opinion(*np.moveaxis(channels, 2, 0))


def agreed(said: Opinion, picture: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The figures that are agreed on, (height, width) 0..1 at the photo's size, or None."""
    area = float((said.search > 0.5).mean())
    if said.agreement < AGREED or not 0.04 < area < 0.92:
        return None
    both = (said.search + said.backing) / 2
    small = (np.clip((both - 0.5) * 1.4 + 0.5, 0, 1) * 255 + 0.5).astype(np.uint8)
    small = _without_crumbs(small)
    scale = min(picture.shape[0], picture.shape[1]) / LABEL_SIDE
    size = (round(picture.shape[1] / scale), round(picture.shape[0] / scale))
    small = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    large = refine.refine(small, picture)
    return np.asarray(large / 65535, np.float32)


def _predicted(
    sources: Sources, pattern: str, side: int = FIGURE_SIDE
) -> Iterator[tuple[str, packs.Cut]]:
    """The mattes that came with photos, of persons (p3m), animals (gfm) and a lemur (pymatting)."""
    alpha = sources.training / "alpha"
    for path in sorted([*alpha.glob("mattes/" + pattern), *alpha.glob("*/mattes/" + pattern)]):
        photo = path.parent.parent / "photos" / f"{path.stem}.jpg"
        picture = _shrunk(_read(photo), max(1024, 2 * side))
        matte = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        size = (picture.shape[1], picture.shape[0])
        matte = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
        if cut := packs.cut_out(picture, matte.astype(np.float32) / 255, side):
            yield path.stem, cut


def _without_crumbs(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without islands smaller than a fifth of the largest."""
    count, marks, facts, _ = cv2.connectedComponentsWithStats((alpha > 25).astype(np.uint8))
    areas = facts[:, cv2.CC_STAT_AREA]
    if count < 2:
        return alpha
    keep = np.flatnonzero(areas >= areas[1:].max() / 5)
    return np.where(np.isin(marks, keep[keep > 0]), alpha, 0).astype(np.uint8)


def _of(folder: str, part: str, sources: Sources) -> Iterator[Path]:
    for path in sorted((sources.training / folder).iterdir()):
        if sets.part(folder, path.name) == part:
            yield path


def _read(path: Path) -> NDArray[np.uint8]:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _shrunk(picture: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    scale = longest / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
