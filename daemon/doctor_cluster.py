"""``matted doctor --cluster``: certificates, who has joined, and what each sees of the folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.cluster import compared, probe
from daemon.cluster.hello import Hello, NoHello
from daemon.cluster.link import Late, Link, Lost, Seat, Stumbled
from daemon.cluster.probe import Question, View
from daemon.config.settings import Settings
from daemon.doctor import Finding, Severity
from daemon.errors import MattedError, NoEngine
from daemon.machine.extras import needed
from daemon.shelf.roots import STAGING

_REACH_S = 3.0
"""A scheduler that is there answers at once, and says who has joined."""
_ANSWER_S = 20.0
_SKEW_S = 5.0
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class _Asked:
    """A folder that workers need."""

    what: str
    ask: Callable[[], AbstractContextManager[Question]]
    otherwise: str
    """What becomes of photos where a worker does not see it."""


def examine_cluster(settings: Settings, *, now: datetime) -> Iterator[Finding]:
    """Look at what several machines need to work together; leaves nothing behind.

    Args:
        settings: the daemon's.
        now: with its time zone.
    """
    if settings.executor.name == "local":
        told = "this machine works alone: `executor: {name: dask, address: ...}` (docs/cluster.md)"
        yield Finding("cluster", Severity.NOTE, told)
        return
    yield from _certificates(settings, now)
    with _called(settings) as link:
        yield from _joined(settings, link)


def _certificates(settings: Settings, now: datetime) -> Iterator[Finding]:
    what = f"certificates {settings.certificates}"
    try:
        with needed("cluster", "a cluster"):  # without it nobody can have joined
            from daemon.cluster.certificates import check  # noqa: PLC0415

        found = check(settings.certificates, now=now)
    except MattedError as error:
        yield Finding(what, Severity.BAD, str(error))
        return
    if warning := found.warning(now):
        yield Finding(what, Severity.NOTE, warning)
        return
    yield Finding(what, Severity.OK, f"valid until {found.until:%Y-%m-%d}")


@contextmanager
def _called(settings: Settings) -> Iterator[Link]:
    link = Link(settings.state_dir, role="guest")
    link.start()
    try:
        until_s = time.monotonic() + _REACH_S
        while link.trouble is not None and time.monotonic() < until_s:
            time.sleep(_LOOK_S)
        yield link
    finally:
        link.stop()


def _joined(settings: Settings, link: Link) -> Iterator[Finding]:
    what = f"scheduler {settings.executor.address}"
    if link.trouble is not None:
        yield Finding(what, Severity.BAD, link.trouble)
        return
    seats = link.seats
    if not seats:
        told = "no worker has joined: `matted worker` on the other machines (docs/cluster.md)"
        yield Finding(what, Severity.BAD, told)
        return
    yield Finding(what, Severity.OK, f"runs; workers that have joined: {len(seats)}")
    try:
        wanted = compared.of_settings(settings)
    except NoEngine as error:
        yield Finding(what, Severity.BAD, f"nobody can be compared: {error}")
        return
    for seat in seats:
        yield from _worker(settings, link, seat, wanted)


def _worker(settings: Settings, link: Link, seat: Seat, wanted: Hello) -> Iterator[Finding]:
    what = f"worker {seat.address}"
    try:
        hello = Hello.read(link.call(seat.id, "hello", {}, timeout_s=_ANSWER_S).header)
    except (Lost, Late, Stumbled, NoHello) as error:
        yield Finding(what, Severity.BAD, str(error))
        return
    what = f"worker {hello.name} ({seat.address})"
    differences = compared.difference(wanted, hello)
    for line in differences:
        yield Finding(what, Severity.BAD, f"is refused: {line}")
    if not differences:
        told = f"{hello.slots} at once, engine {hello.engine} on {hello.device}"
        yield Finding(what, Severity.OK, told)
    for folder in _folders(settings):
        yield from _viewed(what, folder, link, seat)


def _folders(settings: Settings) -> Iterator[_Asked]:
    """What workers read from and write to, each once."""
    found: dict[tuple[str, Path], _Asked] = {}
    for folder in settings.folders:
        for role, path in (("watch", folder.watch), ("archive", folder.archive)):
            if path is not None:
                read = _Asked(f"{role} {path}", lambda at=path: probe.to_read(at), "photos travel")  # type: ignore[misc]
                found[role, path] = read
        at = folder.results
        write = _Asked(f"results {at}", lambda at=at: probe.to_write(at), "results travel")  # type: ignore[misc]
        found["results", at] = write
    yield from found.values()


def _viewed(what: str, folder: _Asked, link: Link, seat: Seat) -> Iterator[Finding]:
    what = f"{what}, {folder.what}"
    try:
        with folder.ask() as question:
            told = link.call(seat.id, "probe", question.args(), timeout_s=_ANSWER_S).header
            view = question.judged(told)
    except (OSError, MattedError) as error:
        reason = str(error) if isinstance(error, MattedError) else error.strerror
        yield Finding(what, Severity.NOTE, f"cannot be tried: {reason}")
        return
    yield _finding(what, folder, view)
    skew_s = view.clock_s - time.time()
    if view.trouble is None and abs(skew_s) > _SKEW_S:
        told_so = f"its clock is {skew_s:+.0f} s off; matted does not mind, but set it right"
        yield Finding(what, Severity.NOTE, told_so)


def _finding(what: str, folder: _Asked, view: View) -> Finding:
    place = view.path.partition(f"/{os.fsdecode(STAGING)}/")[0]
    if view.trouble is not None:
        told = f"not seen at {place} ({view.trouble}): {folder.otherwise} over the network"
        return Finding(what, Severity.NOTE, told)
    return Finding(what, Severity.OK, f"the same share, at {place}")
