"""How good the mattes are: the default engine and a profile on pictures whose alpha is known.

    python -m tests.benchmarks.mattes                  the photos with reference of ../shared, and
                                                       pictures composed of them
    python -m tests.benchmarks.mattes --set NAME=FOLDER  others: FOLDER/photos and FOLDER/mattes

Engine, steps and refiner are called as a photo process calls them, without daemon and files.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from daemon.bench.measures import distance
from daemon.config.profiles import BUILT_IN, Profile
from daemon.steps.view import View
from daemon.work.preparing import prepare
from daemon.work.refining import Wanted, refined
from matting.engines import Engine, people
from matting.models.catalog import PEOPLE
from matting.models.store import Store
from matting.models.stores import shared_directory

_SHARED = Path(__file__).resolve().parents[3] / "shared"
_COMPOSED_OF = "toddler,windswept,curly-grey,man-24mp,lincoln-1863,hayes-1870s"
_AGES = ("fresh", "sepia", "damaged")
_SOFT = (0.03, 0.97)
"""Alpha of the reference between these is a soft edge."""


@dataclass(frozen=True, slots=True)
class Score:
    """One matte against its reference."""

    set_name: str
    iou: float
    mad: float
    soft_error: float
    """Mean absolute error where the reference is soft; nan where it nowhere is."""
    matte_s: float
    refine_s: float


def pairs(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Name, photo and reference of each picture in a folder that has photos/ and mattes/."""
    for matte in sorted((folder / "mattes").glob("*.png")):
        for photo in sorted((folder / "photos").glob(matte.stem + ".*")):
            yield matte.stem, photo, matte


def compose(folder: Path) -> Path:
    """Compose the 54 pictures that the project's tables speak of, unless they are there."""
    if not folder.exists():
        tool = [sys.executable, str(_SHARED / "tools" / "compose_truth.py")]
        given = [str(_SHARED / "photos"), str(_SHARED / "mattes"), str(folder)]
        subprocess.run([*tool, *given, "--names", _COMPOSED_OF, "--long-side", "1280"], check=True)
    return folder


def score(
    set_name: str, photo: Path, matte: Path, engine: Engine, profile: Profile, refiner: str
) -> Score:
    """Matte one photo and compare."""
    picture = np.ascontiguousarray(np.asarray(cv2.imread(str(photo)), np.uint8)[..., ::-1])
    reference = np.asarray(cv2.imread(str(matte), cv2.IMREAD_GRAYSCALE), np.uint8)
    view = prepare(View.of(picture, profile.matting.long_side), profile)
    began_s = time.monotonic()
    answer = engine.matte(view.pixels)
    matted_s = time.monotonic()
    height, width = answer.facts["seen"]
    size = min(width, answer.alpha.shape[1]), min(height, answer.alpha.shape[0])
    small = np.asarray(cv2.resize(answer.alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
    edge = refined(small, view.detail, Wanted(refiner, "0", seen=max(height, width)))
    refined_s = time.monotonic()
    alpha = view.frame(edge.alpha)
    if alpha.shape != reference.shape:
        alpha = cv2.resize(alpha, reference.shape[::-1], interpolation=cv2.INTER_AREA)
    apart = distance(alpha, reference.astype(np.uint16) * np.uint16(257))
    soft_error = _soft_error(alpha, reference)
    times = matted_s - began_s, refined_s - matted_s
    return Score(set_name, apart.iou, apart.mad, soft_error, *times)


def _soft_error(alpha: NDArray[np.uint16], reference: NDArray[np.uint8]) -> float:
    truth = reference / np.float32(255)
    soft = (truth >= _SOFT[0]) & (truth <= _SOFT[1])
    return float(np.abs(alpha / np.float32(65535) - truth)[soft].mean()) if soft.any() else np.nan


def table(found: dict[str, list[Score]]) -> Table:
    """Means by set and refiner."""
    shown = Table(title="mattes against references; means (soft: error where the reference is)")
    for title in (
        "set",
        "pictures",
        "refiner",
        "IoU",
        "MAD",
        "soft",
        "matte, s",
        "refine, s",
    ):
        shown.add_column(title, justify="left" if title in {"set", "refiner"} else "right")
    for refiner, scores in found.items():
        for name in dict.fromkeys(one.set_name for one in scores):
            mine = [one for one in scores if one.set_name == name]
            shown.add_row(name, str(len(mine)), refiner, *_means(mine))
    return shown


def _means(scores: list[Score]) -> Iterable[str]:
    for field, digits in (
        ("iou", 3),
        ("mad", 4),
        ("soft_error", 3),
        ("matte_s", 2),
        ("refine_s", 2),
    ):
        yield f"{np.nanmean([getattr(one, field) for one in scores]):.{digits}f}"


def main(
    sets: Annotated[list[str] | None, typer.Option("--set", help="NAME=FOLDER")] = None,
    profile: Annotated[str, typer.Option(help="A built-in profile.")] = "old-photo",
    refiner: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
) -> None:
    """Measure, and print a table."""
    installed = Store(shared_directory()).find(PEOPLE)
    if installed is None or (not sets and not _SHARED.exists()):
        sys.exit("needs the people network (`make people`), and ../shared or --set NAME=FOLDER")
    folders = dict(each.split("=", 1) for each in sets or ())
    if not folders:
        composed = compose(Path("bench-out") / "composed")
        folders = {"with reference": str(_SHARED), "composed": str(composed)}
    engine = people.load({"model": str(installed.path)})
    found: dict[str, list[Score]] = {}
    for name in refiner or ["none", "auto"]:
        for set_name, folder in folders.items():
            for stem, photo, matte in pairs(Path(folder)):
                age = stem.rpartition("-")[2]
                whole = f"{set_name}, {age}" if age in _AGES else set_name
                one = score(whole, photo, matte, engine, BUILT_IN[profile], name)
                found.setdefault(name, []).append(one)
    Console().print(table(found))


if __name__ == "__main__":
    typer.run(main)
