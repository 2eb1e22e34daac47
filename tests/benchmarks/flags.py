"""How well flags tell which mattes need a look: precision and recall, tuned on and set aside.

    python -m tests.benchmarks.flags                 the figures of docs/flags.md, half an hour
    python -m tests.benchmarks.flags --every 4       every fourth picture
    python -m tests.benchmarks.flags --model u2netp  another installed network's mattes

A matte needs a look if its IoU is below 0.9, or its error where the true alpha is soft is above
0.25. Besides, true mattes are damaged in known ways (tests/stubs/damaged_mattes.py).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from daemon.bench.measures import distance, soft_error
from daemon.config.profiles import BUILT_IN
from daemon.steps.view import View
from daemon.work.face_search import faces_in
from daemon.work.finder import finder
from daemon.work.judging import at_hand
from daemon.work.preparing import prepare
from daemon.work.refining import Wanted, refined
from matting.engines import Engine, people
from matting.judgement.evidence import Answered, Evidence, Matted
from matting.judgement.judge import judge
from matting.models.catalog import PEOPLE
from matting.models.store import Store
from matting.models.stores import shared_directory
from matting.picture.boxes import Box
from tests.benchmarks.flag_sets import SHARED, Case, cases, lift, lifted
from tests.benchmarks.flag_sheet import Shown, sheet
from tests.stubs.damaged_mattes import DAMAGES

_OUT = Path("bench-out") / "flags"
_WORST_IOU, _WORST_SOFT = 0.9, 0.25
_AGES_DAMAGED = ("-fresh", "-sepia")
"""Ages of composed pictures whose true mattes are damaged."""
_DAMAGED = "damaged true mattes"
_TRUE = "true mattes"


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of one matte, and what is true."""

    name: str
    set_name: str
    kind: str
    """``engine``, ``true``, or what was damaged."""
    tuned_on: bool
    iou: float
    soft: float | None
    flags: tuple[str, ...]

    @property
    def bad(self) -> bool:
        """Whether somebody has to look at it."""
        return self.iou < _WORST_IOU or (self.soft or 0) > _WORST_SOFT


@lru_cache(maxsize=1)
def _engine(model: str) -> tuple[Engine, Path, str]:
    """The engine, the people network's file, and the engine's name."""
    cv2.setNumThreads(1)
    store = Store(shared_directory())
    network, chosen = store.find(PEOPLE), store.find(model)
    assert network is not None
    assert chosen is not None
    if model == PEOPLE:
        return people.load({"model": str(network.path)}), network.path, "people"
    from matting.engines import onnx  # noqa: PLC0415 - an extra that may be absent

    return onnx.load(chosen.options("cpu")), network.path, "onnx"


def _rgb(path: Path) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1])


def _matted(photo: NDArray[np.uint8], model: str) -> tuple[NDArray[np.uint16], Evidence]:
    """The matte and what is at hand, as a photo process comes to them."""
    engine, network, _ = _engine(model)
    profile = BUILT_IN["old-photo"]
    search, _ = finder(profile, network)
    view = prepare(View.of(photo, profile.matting.long_side, search), profile)
    answer = engine.matte(view.pixels)
    rows, columns = (min(a, b) for a, b in zip(answer.facts["seen"], answer.alpha.shape))  # noqa: B905 - two each
    seen = np.asarray(cv2.resize(answer.alpha, (columns, rows), interpolation=cv2.INTER_AREA))
    edge = refined(seen, view.detail, Wanted("auto", "0", seen=max(rows, columns)))
    alpha = view.frame(edge.alpha)
    return alpha, at_hand(view, answer, seen, alpha, network, faces_in(view, answer)[0])


def _truth(case: Case, size: tuple[int, ...]) -> NDArray[np.uint16]:
    if case.truth is None:
        return np.zeros(size, np.uint16)
    return np.asarray(cv2.imread(str(case.truth), cv2.IMREAD_GRAYSCALE), np.uint16) * np.uint16(257)


def by_engine(set_name: str, case: Case, model: str) -> tuple[Judged, Shown]:
    """Matte a photo, judge that, and compare."""
    photo = _rgb(case.photo)
    alpha, evidence = _matted(photo, model)
    flags = judge(evidence, _engine(model)[2])
    truth = _truth(case, alpha.shape)
    same = alpha
    if alpha.shape != truth.shape:
        same = cv2.resize(alpha, truth.shape[::-1], interpolation=cv2.INTER_AREA)
    iou, soft = distance(same, truth).iou, soft_error(same, truth)
    # Of a photo without people, that nobody was found is true, and no alarm.
    told = tuple(flag.reason for flag in flags if case.truth or flag.reason != "nobody")
    judged = Judged(case.name, set_name, "engine", case.tuned_on, iou, soft, told)
    return judged, Shown.of(case.name, photo, alpha, flags)


def by_damage(case: Case) -> list[Judged]:
    """Judge a composed picture's true matte, and what damages make of it."""
    photo = _rgb(case.photo)
    truth = _truth(case, ())
    made = {"true": truth} | {name: damage(truth).alpha for name, damage in DAMAGES.items()}
    whole = Box(0, 0, truth.shape[1], truth.shape[0])
    found = []
    for kind, alpha in made.items():
        seen = cv2.resize(alpha >> 8, (256, 256), interpolation=cv2.INTER_AREA).astype(np.uint8)
        evidence = Evidence.of(Matted(photo, alpha), Answered(seen, whole, 1))
        told = tuple(flag.reason for flag in judge(evidence, "people"))
        where = _TRUE if kind == "true" else _DAMAGED
        found.append(Judged(case.name, where, kind, case.tuned_on, float(kind == "true"), 0, told))
    return found


def _lifted(model: str) -> Iterator[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]:
    for name, picture in lifted():
        alpha, _ = _matted(picture, model)
        yield name, picture, (alpha >> 8).astype(np.uint8)


def _is_of_set(name: str, one: Judged) -> bool:
    return one.set_name == name


def _is_of_kind(name: str, one: Judged) -> bool:
    return one.kind == name


def table(found: list[Judged]) -> Table:
    """Recall, precision and false alarms, by set and half."""
    titles = "mattes", "to be looked at", "recall", "of IoU < 0.9", "precision", "false alarms"
    shown = Table("set", "half", *titles)
    groups: list[tuple[str, Callable[[Judged], bool]]] = [
        (name, partial(_is_of_set, name))
        for name in dict.fromkeys(one.set_name for one in found if one.kind == "engine")
    ]
    groups.append(("all photos", lambda one: one.kind == "engine"))
    groups.append((_TRUE, lambda one: one.kind == "true"))
    groups += [(name, partial(_is_of_kind, name)) for name in DAMAGES]
    for name, belongs in groups:
        for half, tuned_on in (("tuned on", True), ("set aside", False)):
            mine = [one for one in found if belongs(one) and one.tuned_on == tuned_on]
            if mine:
                shown.add_row(name, half, str(len(mine)), *_figures(mine))
    return shown


def _figures(mine: list[Judged]) -> Iterator[str]:
    bad, good = [one for one in mine if one.bad], [one for one in mine if not one.bad]
    coarse = [one for one in mine if one.iou < _WORST_IOU]
    flagged = [one for one in mine if one.flags]
    yield str(len(bad))
    yield _share([bool(one.flags) for one in bad])
    yield _share([bool(one.flags) for one in coarse])
    yield _share([one.bad for one in flagged])
    yield _share([bool(one.flags) for one in good])


def _share(those: list[bool]) -> str:
    return f"{np.mean(those):.2f}" if those else "-"


def main(
    model: Annotated[str, typer.Option(help="An installed network.")] = PEOPLE,
    every: Annotated[int, typer.Option(help="Only every so many pictures.")] = 1,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Measure, print a table, and leave all values and a sheet of flagged mattes."""
    if Store(shared_directory()).find(model) is None or not SHARED.exists():
        sys.exit(f"needs {model} beside the program, the people network, and ../shared")
    books = _OUT / "books"
    if not books.exists():
        lift(books, _lifted(PEOPLE))
    sets = cases(_OUT)
    found: list[Judged] = []
    pictures: list[Shown] = []
    with ProcessPoolExecutor(jobs) as pool:
        for name, each in sets.items():
            for judged, shown in pool.map(partial(by_engine, name, model=model), each[::every]):
                found.append(judged)
                pictures += [shown] if judged.flags else []
            Console(stderr=True).print(f"{name}: {len(each[::every])} pictures")
        if model == PEOPLE:
            clean = [one for one in sets["composed"] if one.name.endswith(_AGES_DAMAGED)]
            found += [one for many in pool.map(by_damage, clean[::every]) for one in many]
    (_OUT / f"{model}.json").write_text(json.dumps([asdict(one) for one in found], indent=1))
    cv2.imwrite(str(_OUT / f"{model}.png"), sheet(pictures))
    Console(width=120).print(table(found))


if __name__ == "__main__":
    typer.run(main)
