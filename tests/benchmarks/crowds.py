"""Whom the default engine finds in old photographs at large, and whom it invents.

    python -m tests.benchmarks.crowds                  ../shared/training, all of it: 15 minutes
    python -m tests.benchmarks.crowds --part 1/4       every fourth photo, from the second one
    python -m tests.benchmarks.crowds --aside          those that our own network never met

There are no references: a photo with people counts as missed where less than 2 % of it are taken
for people, one without as invented where more than 5 % are. Only figures of --aside say something
of other photos: our own network learnt from most of the rest.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from daemon.config.profiles import BUILT_IN, Profile
from daemon.steps.view import View
from daemon.work.preparing import prepare
from matting.engines import Engine, people
from matting.models.catalog import PEOPLE
from matting.models.store import Store
from matting.models.stores import shared_directory
from matting.training import sets

_SHARED = Path(__file__).resolve().parents[3] / "shared"
_MISSED, _INVENTED = 0.02, 0.05
_CELL = 160
"""Pixels that a photo's sides have at most on the contact sheet."""
_ACROSS = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """One photo."""

    name: str
    share: float
    """Of the photo, taken for people."""
    took_s: float
    portrait: bool
    """Whether a single look decided."""
    cell: NDArray[np.uint8]
    """The photo, small, BGR, what is not taken darkened."""


def photos(kind: str, part: int, parts: int) -> list[Path]:
    """The photos of a kind, people or empty, that belong to a part."""
    found = sorted((_SHARED / "training" / kind).glob("*"))
    if kind == "empty":
        found.append(_SHARED / "photos" / "bridge-1880s-nobody.jpg")
    return [photo for number, photo in enumerate(found) if number % parts == part]


def look(photo: Path, engine: Engine, profile: Profile) -> Seen:
    """Matte one photo as the daemon does, and keep what counts."""
    picture = np.asarray(cv2.imread(str(photo)), np.uint8)
    rgb = np.ascontiguousarray(picture[..., ::-1])
    view = prepare(View.of(rgb, profile.matting.long_side), profile)
    began_s = time.monotonic()
    answer = engine.matte(view.pixels)
    took_s = time.monotonic() - began_s
    share = float((answer.alpha > 127).mean())
    portrait = answer.facts["parts"] == 1
    return Seen(photo.stem, share, took_s, portrait, _cell(picture, answer.alpha))


def _cell(picture: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    factor = _CELL / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small, taken = (
        cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (picture, alpha)
    )
    lit = small * (0.3 + 0.7 * taken[..., None] / 255) + (1 - taken[..., None] / 255) * (0, 0, 60)
    cell = np.full((_CELL, _CELL, 3), 255, np.uint8)
    cell[: size[1], : size[0]] = lit.clip(0, 255)
    return cell


def sheet(seen: list[Seen]) -> NDArray[np.uint8]:
    """The photos side by side."""
    cells = [one.cell for one in seen]
    blank = np.full_like(cells[0], 255)
    rows = [cells[at : at + _ACROSS] for at in range(0, len(cells), _ACROSS)]
    rows[-1] += [blank] * (_ACROSS - len(rows[-1]))
    return np.vstack([np.hstack(row) for row in rows])


def _row(kind: str, seen: list[Seen], wrong: list[Seen]) -> Iterator[str]:
    plain = [one.took_s for one in seen if one.portrait]
    others = [one.took_s for one in seen if not one.portrait]
    yield kind
    yield str(len(seen))
    yield f"{len(wrong)} ({len(wrong) / len(seen):.1%})"
    for times in (plain, others):
        yield f"{np.median(times):.2f} ({len(times)})" if times else "-"


def main(
    part: Annotated[str, typer.Option(help="K/N: every Nth photo, from the Kth on.")] = "0/1",
    profile: Annotated[str, typer.Option(help="A built-in profile.")] = "old-photo",
    out: Annotated[Path, typer.Option(help="Where contact sheets go.")] = Path("bench-out"),
    *,
    aside: Annotated[bool, typer.Option("--aside", help="Only what was set aside.")] = False,
) -> None:
    """Look at the photos, print a table, and leave contact sheets."""
    installed = Store(shared_directory()).find(PEOPLE)
    if installed is None or not (_SHARED / "training").exists():
        sys.exit("needs the people network (`make people`) and ../shared/training")
    engine = people.load({"model": str(installed.path)})
    number, parts = (int(each) for each in part.split("/"))
    shown = Table(
        "set",
        "photos",
        "wrong",
        "a portrait, s",
        "a search, s",
        title="set aside" if aside else f"part {part}",
    )
    out.mkdir(exist_ok=True)
    for kind in ("people", "empty"):
        chosen = photos(kind, number, parts)
        if aside:
            chosen = [photo for photo in chosen if sets.part(kind, photo.name) == "test"]
        seen = [look(photo, engine, BUILT_IN[profile]) for photo in chosen]
        if kind == "people":
            wrong = [one for one in seen if one.share < _MISSED]
        else:
            wrong = [one for one in seen if one.share > _INVENTED]
        shown.add_row(*_row(kind, seen, wrong))
        cv2.imwrite(str(out / f"{kind}.png"), sheet(seen[:100]))
        if wrong:
            cv2.imwrite(str(out / f"{kind}-wrong.png"), sheet(wrong))
        names = "\n  ".join((kind, *(f"{one.name} {one.share:.3f}" for one in wrong)))
        Console().print(names)
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
