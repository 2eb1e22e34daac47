"""Looks at everything a photo will need, before a photo needs it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from daemon.config.invocation import typed
from daemon.config.profiles import AUTO, NONE
from daemon.config.settings import Folder, Settings
from daemon.engine.choice import choose, install_people, people_network
from daemon.engine.hosting import hosted, running
from daemon.engine.refiners import complaint
from daemon.errors import NoEngine, ResultsTrouble
from daemon.intake.mounts import file_system, sends_events
from daemon.log import events
from daemon.machine import private
from daemon.machine.capacity import Capacity, largest_megapixels, need_bytes
from daemon.photo import show
from daemon.shelf import below, durable, spelling, staging
from matting.errors import EngineError
from matting.models.catalog import PEOPLE_ENGINE
from matting.models.content import verify
from matting.models.model import Model
from matting.process.client import connect
from matting.process.host import EngineHost
from matting.refiners import BUILT_IN

_LITTLE_BYTES = 5 * 10**9
_SKEW_S = 5.0
_ENOUGH_WATCHES = 100_000
_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
_NVIDIA = Path("/proc/driver/nvidia/version")


class Severity(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Works, but worth knowing."""
    BAD = "bad"
    """Photos will wait or fail until it is mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    verdict: Severity
    told: str
    """What was found; for anything but OK, what to do."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at folders, rights, limits, clocks and the engine, in that order.

    Leaves nothing behind; may be run beside a daemon.
    """
    yield from _writable("state_dir", settings.state_dir, make=True)
    for folder in settings.folders:
        yield from _watched(folder)
        yield from _results(folder)
        if folder.archive is not None:
            yield from _writable("archive", folder.archive, make=False)
    yield _watches(settings)
    yield _memory(settings)
    yield _gpu()
    yield from _engine(settings)
    yield from _finder(settings)
    yield from _refiners(settings)


def _watched(folder: Folder) -> Iterator[Finding]:
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
        yield from _writable(f"originals: {folder.originals} in", folder.watch, make=False)


def _results(folder: Folder) -> Iterator[Finding]:
    what = f"results {folder.results}"
    if not folder.results.is_dir():
        yield Finding(what, Severity.NOTE, "is not there yet; the daemon makes it")
        return
    try:
        staging.check(folder.results)
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


def _writable(what: str, directory: Path, *, make: bool) -> Iterator[Finding]:
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


def _watches(settings: Settings) -> Finding:
    what = "inotify watches"
    allowed = int(_WATCHES.read_text()) if _WATCHES.exists() else 0
    wanted = sum(_count_directories(folder) for folder in settings.folders)
    if wanted > allowed * 0.8 and wanted < _ENOUGH_WATCHES:
        told = (
            f"{wanted} directories are watched and {allowed} watches allowed for all programs;"
            " raise fs.inotify.max_user_watches, or photos are found by scans only"
        )
        return Finding(what, Severity.NOTE, told)
    return Finding(what, Severity.OK, f"{allowed} allowed, {wanted} needed")


def _count_directories(folder: Folder) -> int:
    if not folder.recursive:
        return 1
    found = 0
    for _ in os.walk(os.fsencode(folder.watch)):
        found += 1
        if found >= _ENOUGH_WATCHES:
            break
    return found


def _memory(settings: Settings) -> Finding:
    """How large a photo may be before its process has too little memory."""
    limits, count = settings.limits, Capacity.here().workers(settings.workers)
    each = Capacity.here().each_bytes(limits.photo_memory_mb, count)
    largest = largest_megapixels(each)
    told = f"{count} at once, {each / 1e9:.1f} GB each: enough for {largest:.0f} megapixels"
    if largest >= limits.max_megapixels:
        return Finding("photos", Severity.OK, f"{told}, and {limits.max_megapixels:g} are taken")
    need = need_bytes(limits.max_megapixels) / 1e9
    told += f"; {limits.max_megapixels:g} are taken, which need {need:.1f} GB, and larger photos"
    told += " fail: give fewer `workers` or more `limits.photo_memory_mb`"
    return Finding("photos", Severity.NOTE, told)


def _gpu() -> Finding:
    if not _NVIDIA.exists():
        return Finding("GPU", Severity.OK, "no NVIDIA driver is loaded; engines run on the CPU")
    return Finding("GPU", Severity.OK, _NVIDIA.read_text().splitlines()[0].strip())


def _engine(settings: Settings) -> Iterator[Finding]:
    try:
        chosen = choose(settings)
        yield Finding("engine", Severity.OK, f"{chosen.engine}: {chosen.reason}")
        if chosen.model is not None:
            yield from _model(chosen.model, settings)
        if settings.executor.name != "local":
            told = (
                "runs on the workers alone, which are compared with this: `matted doctor --cluster`"
            )
            yield Finding("engine", Severity.OK, told)
            return
        with running(settings, events.silent()) as host:
            yield _try_out(host, settings)
    except NoEngine as error:
        yield Finding("engine", Severity.BAD, str(error))


def _finder(settings: Settings) -> Iterator[Finding]:
    """The network that steps search for people with, where another engine makes the mattes."""
    profiles = (settings.profile(folder.profile) for folder in settings.folders)
    steps = ", ".join(sorted({name for profile in profiles for name in profile.searching}))
    try:
        if not steps or choose(settings).engine == PEOPLE_ENGINE:
            return
    except NoEngine:  # which was told of the engine
        return
    how = install_people(settings)
    told = f"does nothing: the network that finds people is not installed: `{how}`"
    try:
        if people_network(settings) is None:
            yield Finding(steps, Severity.NOTE, told)
    except NoEngine as error:
        yield Finding(steps, Severity.BAD, str(error))


def _refiners(settings: Settings) -> Iterator[Finding]:
    """The networks that profiles name for the edge, each tried out on a small tile."""
    profiles = (settings.profile(folder.profile) for folder in settings.folders)
    for name in sorted({each.matting.refiner for each in profiles} - {AUTO, NONE, *BUILT_IN}):
        wrong = complaint(settings, name, lambda spec: hosted(spec, events.silent()))
        severity = Severity.BAD if wrong else Severity.OK
        yield Finding(f"refiner {name}", severity, wrong or "solved a small tile")


def _model(model: Model, settings: Settings) -> Iterator[Finding]:
    what, verdict = f"model {model.name}", verify(model)
    if verdict != "OK":
        how = typed(f"model install {model.name}", settings)
        told = f"{model.path} is {verdict}: `{how}` once more"
        yield Finding(what, Severity.BAD, told)
        return
    told = f"{model.path}, {model.size_bytes / 1e6:.1f} MB, is what was installed"
    yield Finding(what, Severity.OK, told)
    for warning in model.warnings:
        yield Finding(what, Severity.NOTE, warning)


def _try_out(host: EngineHost, settings: Settings) -> Finding:
    grey = np.full((64, 48, 3), 128, np.uint8)
    began_s = time.monotonic()
    try:
        with connect(host.socket_path, wait_s=settings.engine.start_timeout_s) as engine:
            timeout_s = settings.engine.timeout_s
            engine.matte(grey, photo="0", timeout_s=timeout_s, queue_timeout_s=timeout_s)
    except EngineError as error:
        return Finding("engine", Severity.BAD, f"cannot matte a small grey picture: {error}")
    hello, took_s = host.hello, time.monotonic() - began_s
    told = f"{hello['framework']} on {hello['device']}; a small picture took {took_s:.1f} s"
    return Finding("engine", Severity.OK, told)
