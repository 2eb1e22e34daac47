"""Would a photo come out of a worker as it would here? What differs, one line for each thing.

A worker that differs is refused: of two that treat photos otherwise, which of them got a photo
would show in the results. What makes no difference in principle may differ: the device, the
framework's version (docs/gpu.md has the figures), Python.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from daemon.about import about
from daemon.cluster.hello import OPTIONAL, Hello
from daemon.config.profiles import AUTO, NONE
from daemon.config.settings import Settings
from daemon.engine.choice import EngineChoice, choose, stores
from daemon.errors import NoEngine
from matting.models.catalog import PEOPLE
from matting.models.content import sha256
from matting.models.errors import ModelError
from matting.refiners import BUILT_IN

_EXTRA_FORMATS = {"HEIC": "pi_heif", "camera raw": "rawpy"}
"""Formats that are read by a package of the extra ``formats``, and its module."""
_LONGEST = 200
"""Characters of a name that travels."""
_SHOWN = 12
"""Characters of a SHA-256 that tell people enough."""


def of_settings(settings: Settings) -> Hello:
    """What a worker has to be like to treat photos as these settings say.

    Nothing is started; of a model that is a file the whole file is read.

    Raises:
        NoEngine: the engine that the settings choose could not run here either.
    """
    needed, installed = _needed(settings), _installed(settings)
    # Settings may be changed while it runs, and a redo may name any engine: whatever is installed
    # here has to be the same there, if it is there.
    optional = [f"{one} {OPTIONAL}" for one in _networks(settings, sorted(installed - needed))]
    networks = (*_networks(settings, sorted(needed)), *optional)
    return _hello(settings, name="this machine", networks=networks)


def _needed(settings: Settings) -> set[str]:
    """Networks that a photo would come out otherwise without, or not at all.

    That of `focus_person` and `turn: auto` is demanded wherever it is here: without it these do
    nothing, quietly.
    """
    profiles = [settings.profile(folder.profile) for folder in settings.folders]
    needed = {each.matting.refiner for each in profiles} - {AUTO, NONE, *BUILT_IN}
    turns = any(folder.turn == "auto" for folder in settings.folders)
    if turns or any(each.searching for each in profiles) or PEOPLE in _installed(settings):
        needed.add(PEOPLE)
    return needed


def _installed(settings: Settings) -> set[str]:
    try:
        return set(stores(settings).names())
    except ModelError as error:
        raise NoEngine(str(error)) from error


class Described(Protocol):
    """An engine that runs, as far as it is of interest here."""

    @property
    def hello(self) -> Mapping[str, Any]:
        """What it said of itself."""
        ...


def here(settings: Settings, host: Described, *, slots: int) -> Hello:
    """What a worker says of itself.

    Args:
        settings: the worker's own.
        host: its engine, which runs.
        slots: how many photos it works on at once.

    Raises:
        NoEngine: what is installed cannot be read.
    """
    networks = _networks(settings, sorted(_installed(settings)))
    return replace(
        _hello(settings, name=socket.gethostname(), networks=networks),
        slots=slots,
        device=str(host.hello.get("device", "")),
        framework=str(host.hello.get("framework", "")),
    )


def _hello(settings: Settings, *, name: str, networks: tuple[str, ...]) -> Hello:
    program, choice = about(), choose(settings)
    model, digest = _model(choice)
    return Hello(
        name=name,
        slots=1,
        version=program.version,
        commit=program.commit or "",
        engine=choice.engine,
        device="",
        framework="",
        model=model,
        model_sha256=digest,
        formats=tuple(name for name, module in _EXTRA_FORMATS.items() if find_spec(module)),
        python=program.python,
        networks=networks,
    )


def _model(choice: EngineChoice) -> tuple[str, str]:
    """Name and SHA-256."""
    if choice.model is not None:
        return choice.model.name, choice.model.sha256
    if "model" not in choice.options:  # an engine that needs none
        return "", ""
    path = Path(choice.options["model"])
    try:
        return path.name[:_LONGEST], sha256(path)
    except OSError as error:
        raise NoEngine(f"the model {path} cannot be read: {error.strerror}") from error


def _networks(settings: Settings, names: Sequence[str]) -> tuple[str, ...]:
    """Each with its SHA-256, or alone if it is not installed."""
    known = stores(settings)
    try:
        found = {name: known.find(name) for name in names}
    except ModelError as error:
        raise NoEngine(str(error)) from error
    return tuple(name if one is None else f"{name} {one.sha256}" for name, one in found.items())


def difference(mine: Hello, theirs: Hello) -> tuple[str, ...]:
    """Why a worker may not join.

    Args:
        mine: from ``of_settings``.
        theirs: what the worker said.

    Returns:
        One line for each thing in which it differs; none if it may join.
    """
    return (*_program(mine, theirs), *_engine(mine, theirs), *_others(mine, theirs))


def _program(mine: Hello, theirs: Hello) -> Iterator[str]:
    unknown = not (mine.commit and theirs.commit)
    if mine.version != theirs.version or not (unknown or mine.commit == theirs.commit):
        told = f"it is matted {_version(theirs)}, and the daemon is {_version(mine)}"
        yield f"{told}: install the same on both"
    if mine.formats != theirs.formats:
        missing = [name for name in mine.formats if name not in theirs.formats]
        further = [name for name in theirs.formats if name not in mine.formats]
        if missing:
            yield f"it cannot read {', '.join(missing)}: pip install 'matted[formats]' there"
        if further:
            told = f"it reads {', '.join(further)}, and the daemon's machine does not"
            yield f"{told}: pip install 'matted[formats]' on that one"


def _version(one: Hello) -> str:
    return f"{one.version} ({one.commit})" if one.commit else one.version


def _engine(mine: Hello, theirs: Hello) -> Iterator[str]:
    if mine.engine != theirs.engine:
        yield f"its engine is {theirs.engine}, and the daemon's settings choose {mine.engine}"
    elif mine.model_sha256 != theirs.model_sha256:
        told = f"its model {theirs.model} ({_short(theirs.model_sha256)}) is another one than"
        yield f"{told} {mine.model} ({_short(mine.model_sha256)}) of the daemon's settings"


def _others(mine: Hello, theirs: Hello) -> Iterator[str]:
    there = dict(_split(each)[:2] for each in theirs.networks)
    for name, digest, optional in map(_split, mine.networks):
        found = there.get(name)
        if not found and not optional:
            how = f"`matted model install {name}` there"
            yield f"it lacks the network {name}, which photos need: {how}"
        # The engine's own model has been compared already.
        elif found and digest not in {"", found} and name != mine.model:
            told = f"its network {name} ({_short(found)}) is another one than the daemon's"
            yield f"{told} ({_short(digest)})"


def _split(network: str) -> tuple[str, str, str]:
    """Name, SHA-256 and whether it is optional, each empty where it is not said."""
    name, digest, optional = (*network.split(" "), "", "")[:3]
    return name, digest, optional


def _short(digest: str) -> str:
    return digest[:_SHOWN] or "unknown"
