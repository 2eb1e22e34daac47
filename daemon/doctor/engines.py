"""What makes the mattes: engine and model, who searches for people, refiners; all tried out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from daemon.config.invocation import typed
from daemon.config.profiles import AUTO, NONE
from daemon.config.settings import Settings
from daemon.doctor.finding import Finding, Severity
from daemon.engine.choice import choose, install_people, people_network
from daemon.engine.hosting import hosted, running
from daemon.engine.refiners import complaint
from daemon.errors import NoEngine
from daemon.log import events
from matting.errors import EngineError, EngineUnavailable
from matting.faces import Network
from matting.models.catalog import PEOPLE_ENGINE
from matting.models.content import verify
from matting.models.model import Model
from matting.process.client import connect
from matting.process.host import EngineHost
from matting.refiners import BUILT_IN


def engine(settings: Settings) -> Iterator[Finding]:
    """Which one it is and why, its model, and a small picture matted with it."""
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


def finder(settings: Settings) -> Iterator[Finding]:
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


def faces() -> Iterator[Finding]:
    """The network that looks for faces outside mattes; a photo is judged without it, if need be."""
    try:
        Network.load()
    except EngineUnavailable as error:
        yield Finding("faces", Severity.NOTE, f"nobody looks for faces outside mattes: {error}")


def refiners(settings: Settings) -> Iterator[Finding]:
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
