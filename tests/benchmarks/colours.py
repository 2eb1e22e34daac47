"""How good the foreground's colours are and what they cost, where they are known.

    python -m tests.benchmarks.colours                 six persons before three backdrops each
    python -m tests.benchmarks.colours --megapixels 24 --persons toddler

A person's colours, a matte and a backdrop of ../shared/tools/compose_truth.py make a picture whose
foreground is known everywhere. All three are enlarged before they are composed, so the larger
pictures have as many soft edges as the smaller ones, and softer ones.

Such colours are pymatting's estimate, which flatters whoever estimates alike. So each matte is also
put over another photo, out of focus, whose colours nobody estimated ("painted over").
"""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from daemon.raster import Pixels
from matting.picture.foreground import estimate_foreground

Floats = NDArray[np.float32]

_SHARED = Path(__file__).resolve().parents[3] / "shared"
TUNED_ON = ("windswept", "curly-grey", "lincoln-1863")
"""Whom the method was tuned with; the others tell whether that was worth anything."""
ASIDE = ("toddler", "man-24mp", "inuit-woman-1903")
_BACKDROPS = ("studio", "painted", "garden")
_OTHERS = ("couple-1855", "girls-1860", "standing-woman-12mp")
_OUT_OF_FOCUS = 4.0
"""Standard deviation in pixels, at about 1.5 megapixels."""
_SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A picture whose foreground's colours are known."""

    name: str
    kind: str
    """Whose colours: lifted, or painted over."""
    pixels: NDArray[np.uint8]
    """(height, width, 3)."""
    alpha: NDArray[np.uint16]
    """(height, width), 65535 is opaque."""
    colours: Floats
    """(height, width, 3), 0..1: what shall be found."""


@dataclass(frozen=True, slots=True)
class Found:
    """One estimate."""

    name: str
    kind: str
    megapixels: float
    soft: float
    """Share of the pixels whose alpha is neither 0 nor 1."""
    before: float
    """The error of the photo's own colours: see ``error``."""
    after: float
    cpu_s: float
    wall_s: float


def pictures(person: str, megapixels: float) -> Iterator[Known]:
    """The person before each backdrop, with about so many pixels."""
    tool = _tool()
    matte = cv2.imread(str(_SHARED / "mattes" / f"{person}.png"), cv2.IMREAD_GRAYSCALE)
    height, width = matte.shape
    share = matte / 255.0
    lifted = np.clip(tool.estimate_foreground_ml(_photo(person, width, height), share), 0, 1)
    scale = math.sqrt(megapixels * 1e6 / matte.size)
    size = round(width * scale), round(height * scale)
    for number, (backdrop, other) in enumerate(zip(_BACKDROPS, _OTHERS, strict=True)):
        rng = np.random.default_rng([_SEED, number])
        behind = getattr(tool, backdrop)(rng, height, width)
        blur = _OUT_OF_FOCUS * math.sqrt(matte.size / 1.5e6)
        painted = cv2.GaussianBlur(_photo(other, width, height), (0, 0), blur)
        for kind, colours in (("lifted", lifted), ("painted over", painted)):
            truth, around, alpha = (_enlarged(part, size) for part in (colours, behind, share))
            mixed = alpha[..., None] * truth + (1 - alpha[..., None]) * around
            pixels, deep = np.rint(mixed * 255).astype(np.uint8), np.rint(alpha * 65535)
            name = f"{person}, {backdrop}, {kind}"
            yield Known(name, kind, pixels, deep.astype(np.uint16), truth)


def _photo(name: str, width: int, height: int) -> NDArray[np.float64]:
    """(height, width, 3), 0..1."""
    photo = cv2.imread(str(next((_SHARED / "photos").glob(name + ".*"))), cv2.IMREAD_COLOR)
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA) / 255.0)


def _enlarged(picture: NDArray[np.float64], size: tuple[int, int]) -> Floats:
    large = cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large.clip(0, 1), np.float32)


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tool", _SHARED / "tools" / "compose_truth.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def measure(known: Known) -> Found:
    """Estimate the colours once."""
    began = time.process_time(), time.perf_counter()
    found = estimate_foreground(known.pixels, known.alpha)
    ended = time.process_time(), time.perf_counter()
    soft = (known.alpha > 0) & (known.alpha < 65535)
    return Found(
        name=known.name,
        kind=known.kind,
        megapixels=known.alpha.size / 1e6,
        soft=np.count_nonzero(soft) / soft.size,
        before=error(known, known.pixels, soft),
        after=error(known, found, soft),
        cpu_s=ended[0] - began[0],
        wall_s=ended[1] - began[1],
    )


def error(known: Known, picture: Pixels, soft: NDArray[np.bool_]) -> float:
    """Mean of |colour - truth| times alpha in the soft edge, of 1: what is seen on any backdrop."""
    apart = np.abs(picture[soft] / np.float32(255) - known.colours[soft])
    return float((apart * (known.alpha[soft, None] / np.float32(65535))).mean())


def table(found: list[Found]) -> Table:
    """A line for each picture, and the means."""
    shown = Table(title="foreground colours, where they are known")
    for title in ("", "MP", "soft", "photo's error", "error", "processor, s", "wall, s"):
        shown.add_column(title, justify="right" if title else "left")
    for one in found:
        shown.add_row(one.name, *_cells([one]))
    shown.add_section()
    groups = (("tuned on", TUNED_ON), ("set aside", ASIDE))
    for size in dict.fromkeys(round(one.megapixels, 1) for one in found):
        here = [one for one in found if round(one.megapixels, 1) == size]
        for kind in dict.fromkeys(one.kind for one in here):
            for title, persons in groups:
                mine = [o for o in here if o.kind == kind and o.name.split(",")[0] in persons]
                if mine:
                    shown.add_row(f"mean, {kind}, {title}", *_cells(mine))
    return shown


def _cells(found: list[Found]) -> Iterator[str]:
    for field, form in (
        ("megapixels", "{:.1f}"),
        ("soft", "{:.1%}"),
        ("before", "{:.4f}"),
        ("after", "{:.4f}"),
        ("cpu_s", "{:.3f}"),
        ("wall_s", "{:.3f}"),
    ):
        yield form.format(np.mean([getattr(one, field) for one in found]))


def main(
    megapixels: Annotated[list[float] | None, typer.Option(help="May be repeated.")] = None,
    persons: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
) -> None:
    """Measure, and print a table."""
    if not _SHARED.exists():
        sys.exit("needs ../shared: photos, mattes and tools/compose_truth.py")
    estimate_foreground(np.zeros((64, 64, 3), np.uint8), np.full((64, 64), 9, np.uint16))  # warm
    found = [
        measure(known)
        for size in megapixels or (1.5, 6.0, 24.0)
        for person in persons or (*TUNED_ON, *ASIDE)
        for known in pictures(person, size)
    ]
    Console().print(table(found))


if __name__ == "__main__":
    typer.run(main)
