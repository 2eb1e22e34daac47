"""Folders: whether photos can be seen there, and results written, and how much room there is."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from daemon.config.settings import Folder
from daemon.doctor.finding import Finding, Severity
from daemon.errors import ResultsTrouble
from daemon.intake.mounts import file_system, sends_events
from daemon.machine import private
from daemon.photo import show
from daemon.shelf import below, durable, rehearsal, spelling

_LITTLE_BYTES = 5 * 10**9
_SKEW_S = 5.0


def watched(folder: Folder) -> Iterator[Finding]:
    """Whether photos can be seen there, how soon, and moved away if they are to be."""
    what = f"watch {folder.watch}"
    try:
        os.scandir(folder.watch).close()
        kind = file_system(str(folder.watch))
    except OSError as error:
        yield Finding(what, Severity.BAD, f"{error.strerror}: photos there cannot be seen")
        return
    if folder.events == "off" or not sends_events(kind):
        often = "every 2 s" if folder.scan_s == "auto" else f"every {folder.scan_s:g} s"
        told = f"{kind} without events: photos are found by a scan {often}"
        yield Finding(what, Severity.NOTE, told)
    else:
        yield Finding(what, Severity.OK, f"{kind}, readable, with events")
    if folder.originals != "keep":
        yield from writable(f"originals: {folder.originals} in", folder.watch, make=False)


def results(folder: Folder) -> Iterator[Finding]:
    """Whether they can be filed there, under every name, and how much room there is."""
    what = f"results {folder.results}"
    if not folder.results.is_dir():
        yield Finding(what, Severity.NOTE, "is not there yet; the daemon makes it")
        return
    try:
        rehearsal.check(folder.results)
    except ResultsTrouble as error:
        yield Finding(what, Severity.BAD, f"{error}: everything will pause until it can be written")
        return
    yield Finding(what, Severity.OK, "can create, rename without replacing, sync and delete")
    yield _names(what, folder.results)
    yield _room(what, folder.results)


def _names(what: str, results: Path) -> Finding:
    """Names that its disk does not take, and what becomes of them."""
    replaced = spelling.replaced(results)
    if not replaced:
        return Finding(what, Severity.OK, "takes every name")
    examples = "; ".join(f"{show(old)} becomes {show(new)}" for old, new in replaced.items())
    return Finding(
        what, Severity.NOTE, f"does not take every name, so that results differ: {examples}"
    )


def writable(what: str, directory: Path, *, make: bool) -> Iterator[Finding]:
    """Create, sync, rename and delete a hidden file there."""
    what = f"{what} {directory}"
    try:
        if make:
            private.make_directory(directory)
        with tempfile.TemporaryDirectory(prefix=".matted-doctor-", dir=directory) as probes:
            with below.opened(os.fsencode(probes)) as at:
                probe, renamed = below.Spot(at, b"probe"), below.Spot(at, b"renamed")
                durable.write_new(probe, b"matted")
                durable.rename(probe, renamed)
                below.sync(at)
            skew_s = os.stat(os.path.join(probes, "renamed")).st_mtime - time.time()
    except OSError as error:
        told = f"{error.strerror}: give the user that runs the daemon the right to write there"
        yield Finding(what, Severity.BAD, told)
        return
    yield Finding(what, Severity.OK, "can create, rename, sync and delete")
    if abs(skew_s) > _SKEW_S:
        told = f"its clock is {skew_s:+.0f} s off; matted does not mind, but set it right"
        yield Finding(what, Severity.NOTE, told)
    yield _room(what, directory)


def _room(what: str, directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    told = f"{free / 1e9:.0f} GB free"
    if free < _LITTLE_BYTES:
        return Finding(what, Severity.NOTE, f"{told}; everything pauses when the disk is full")
    return Finding(what, Severity.OK, told)
