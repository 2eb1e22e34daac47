"""An answer becomes a result of its own: staged, planned, renamed without replacing, then noted."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from daemon.errors import NameTaken
from daemon.photo import Photo, Version
from daemon.plan import Plan
from daemon.shelf import reports, roots, staging
from daemon.shelf.durable import results_trouble
from daemon.shelf.names import LIMIT_BYTES, fit, mark
from daemon.shelf.publish import publish
from daemon.shelf.quarantine import forget_report
from daemon.shelf.spelling import fitted
from daemon.stations.book import Book, Entry
from daemon.stations.task import Handed

_OURS_FROM = 1 << 40
"""Ids of what we stage: beside them, the daemon counts its photos from 1."""


def staged(entry: Entry, handed: Handed, made: Path) -> Plan:
    """Put the file into the results' staging directory, durably, and choose its name.

    Raises:
        ResultsTrouble: the result folder cannot be written.
    """
    results = Path(handed.document["results_folder"])
    there = staging.stage(results, owner(entry))
    with staging.entered(results, there) as stage, results_trouble("an answer cannot be staged"):
        shutil.copyfile(made, stage / f"0{made.suffix}")
    path = os.path.join(there, b"0" + os.fsencode(made.suffix))
    return staging.seal(results, [path], [next(_names(handed, made.suffix))])


def published(entry: Entry, handed: Handed, plan: Plan, book: Book) -> bytes:
    """Carry the plan out, under the first name that nobody has; may be repeated after a crash.

    Returns:
        The name, relative to the result folder.

    Raises:
        ResultsTrouble: try again when the result folder can be written.
        PlanBroken: what was staged is lost; the station has to be asked anew.
    """
    suffix = os.fsdecode(os.path.splitext(plan.moves[0].staged)[1])
    first = _usable(handed, plan.moves[0].final)  # its folder may have been exchanged since
    for name in itertools.chain([first], _names(handed, suffix)):
        plan = replace(plan, moves=(replace(plan.moves[0], final=name),))
        book.plan(entry, plan)
        try:
            publish(plan)
        except NameTaken:
            continue
        staging.discard(Path(os.fsdecode(plan.results)), owner(entry).id)
        return name
    raise AssertionError("there is always another name")


def discard(entry: Entry, handed: Handed) -> None:
    """Remove what was staged and will not be published.

    Raises:
        ResultsTrouble: it cannot be.
    """
    staging.discard(Path(handed.document["results_folder"]), owner(entry).id)


def report(entry: Entry, handed: Handed, reason: str) -> None:
    """Leave a report among those on photos that were given up.

    Raises:
        ResultsTrouble: it cannot be written.
    """
    document = handed.document
    told = {"reason": reason, "station": handed.station.name, "photo_path": document["path"]}
    told |= {"source": document["source"], "attempts": entry.attempts + 1}
    root = Path(document["results_folder"])
    photo = _reported(entry, handed)
    with results_trouble("a report cannot be written"), roots.opened(root) as (at, trials):
        written = told | reports.identity(photo)
        if (found := reports.find(at, trials, photo)) is None:
            reports.write(at, trials, photo, written)
        else:  # it was asked again, and given up again
            reports.replace(at, trials, found[0], photo, written)


def withdraw(entry: Entry, handed: Handed) -> None:
    """Remove the report: it was asked again, and its answer is filed.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    forget_report(Path(handed.document["results_folder"]), _reported(entry, handed))


def _reported(entry: Entry, handed: Handed) -> Photo:
    """As whom the report names it."""
    stem, ext = os.path.splitext(os.path.basename(str(handed.document["path"])))
    return replace(owner(entry), path=os.fsencode(f"{stem} {handed.station.name}{ext}"))


def _names(handed: Handed, suffix: str) -> Iterator[bytes]:
    """Beside what was sent, or the first result: the station's name in place of its output's."""
    results = handed.document["results"]
    sent = [each for each in results if each.get("output") == handed.station.send]
    model = (sent or results)[0]
    folder, base = os.path.split(os.fsencode(model["path"]))
    stem, output = os.path.splitext(base)[0], os.fsencode(model.get("output", ""))
    head, found, tail = stem.rpartition(output) if output else (stem, b"", b"")
    name = os.fsencode(handed.station.name)
    for number in itertools.count(1):
        again = b"-%d" % number if number > 1 else b""
        made = head + name + tail + again if found else stem + b"_" + name + again
        whole = fit(made + os.fsencode(suffix), LIMIT_BYTES, mark(base))
        yield _usable(handed, os.path.join(folder, whole))


def _usable(handed: Handed, name: bytes) -> bytes:
    """The name as the results' disk takes it, in a folder that can be written to.

    Raises:
        ResultsTrouble: the result folder cannot be read.
    """
    root = Path(handed.document["results_folder"])
    with results_trouble("a name cannot be chosen"), roots.opened(root) as (at, inside):
        return fitted(at, inside, name, aside=True)


def owner(entry: Entry) -> Photo:
    """As what we stage, beside the daemon's own photos."""
    version = Version(0, 0, 0, 0)
    photo = Photo(_OURS_FROM + entry.id, "", b"", version, entry.attempts, 0.0)
    return replace(photo, tries=entry.tries)
