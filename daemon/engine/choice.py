"""Which engine runs, with which model, and why."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.config import settings
from daemon.config.invocation import typed
from daemon.errors import ModelAbsent, NoEngine
from matting.engines import ENGINES
from matting.models.catalog import CONVERTED, CONVERTIBLE, PEOPLE
from matting.models.content import held, sha256_of
from matting.models.errors import ModelError
from matting.models.model import Model
from matting.models.naming import engine_of
from matting.models.stores import Stores
from matting.process.host import EngineSpec


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine, and what it is told."""

    engine: str
    reason: str
    options: dict[str, Any]
    model: Model | None = None
    """The installed one; None for a file."""


def stores(wanted: settings.Settings) -> Stores:
    """Where these settings' models are looked for: the user's own, if no state directory is named.

    One rule for all commands: what `matted model list` shows is what the others find.
    """
    named = wanted.file is not None or "state_dir" in wanted.model_fields_set
    return Stores.beside(wanted.state_dir) if named else Stores.of_user()


def choose(wanted: settings.Settings) -> EngineChoice:
    """Decide what to run.

    Raises:
        ModelAbsent: the model is not installed; it says what to type.
        NoEngine: the model is for another engine, or the store cannot be read.
    """
    engine = wanted.engine
    if isinstance(engine.model, Path):
        return _file(engine, engine.model)
    try:
        return _installed(wanted, stores(wanted))
    except ModelError as error:
        raise NoEngine(str(error)) from error


def _file(wanted: settings.EngineSettings, path: Path) -> EngineChoice:
    engine = engine_of(path)
    if wanted.name not in {"auto", engine}:
        reason = f"engine.model {path} is for the engine {engine}, and engine.name is {wanted.name}"
        raise NoEngine(reason)
    # No recipe: a network for ONNX has to be a converted BSHM then.
    options = {"device": wanted.device, "model": str(path), "name": path.name}
    reason = f"the settings name a model for it, {path}"
    return EngineChoice(
        engine, reason if wanted.name == "auto" else "the settings name it", options
    )


def _installed(whole: settings.Settings, known: Stores) -> EngineChoice:
    wanted = whole.engine
    if isinstance(wanted.model, str):
        model = _demanded(whole, known, wanted.model)
        if model.refines:
            told = f"the model {model.name} solves edges and finds nobody"
            raise NoEngine(f"{told}; name it in a profile, matting: {{refiner: {model.name}}}")
        if wanted.name not in {"auto", model.engine}:
            told = f"the model {model.name} is for the engine {model.engine}, not {wanted.name}"
            raise NoEngine(f"{told}; leave engine.name out, or set it to auto")
        return _with(model, wanted, f"the settings name the model {model.name}")
    if wanted.name != "auto":
        return _with(
            _demanded(whole, known, ENGINES[wanted.name].usual), wanted, "the settings name it"
        )
    for kind in ENGINES.values():
        if (found := known.find(kind.usual)) is not None:
            return _with(found, wanted, f"the model {kind.usual} is installed")
    raise _absent(whole, PEOPLE)


def people_network(wanted: settings.Settings) -> Path | None:
    """The file of the network that finds people, for steps that have to; None: not installed.

    Raises:
        NoEngine: the store cannot be read, or the file is not what was installed.
    """
    try:
        model = stores(wanted).find(PEOPLE)
    except ModelError as error:
        raise NoEngine(str(error)) from error
    if model is None:
        return None
    with guarded(model):
        return model.path


def finds(spec: EngineSpec, people: Path | None) -> str:
    """What an engine calls the network in this file, if it answers whom that finds; else ''."""
    kind = ENGINES.get(spec.name)
    if kind is None or not kind.searches or spec.options.get("model") != str(people):
        return ""
    return str(spec.options.get("name") or Path(spec.options["model"]).name)


def install_people(wanted: settings.Settings) -> str:
    """What to type to have that network, with the programs and the settings that run here."""
    return typed(f"model install {PEOPLE}", wanted)


def refiner(wanted: settings.Settings, name: str) -> tuple[Model, EngineSpec]:
    """The network that a profile names as its refiner, and how to run it.

    It runs on the engine's device; under the engine's own interpreter only if that is one for
    networks of this kind, since the one of TensorFlow 1.15 is not.

    Raises:
        ModelAbsent: it is not installed; it says what to type.
        NoEngine: it finds people and solves no edges, or the store cannot be read.
    """
    try:
        model = _demanded(wanted, stores(wanted), name)
        same = wanted.engine.python is not None and choose(wanted).engine == model.engine
    except ModelError as error:
        raise NoEngine(str(error)) from error
    if not model.refines:
        told = (
            f"the model {name} is no refiner: its recipe takes neither a trimap nor a coarse alpha"
        )
        raise NoEngine(told)
    engine = wanted.engine
    return model, EngineSpec(
        model.engine,
        model.options(engine.device),
        python=str(engine.python) if same else None,
        timeout_s=engine.timeout_s,
        start_timeout_s=engine.start_timeout_s,
    )


def _demanded(whole: settings.Settings, known: Stores, name: str) -> Model:
    model = known.find(name)
    if model is None:
        raise _absent(whole, name)
    return model


def _absent(whole: settings.Settings, name: str) -> ModelAbsent:
    what = f"the network that finds people, {name}," if name == PEOPLE else f"the model {name}"
    convert = f"model convert {CONVERTIBLE[0]} PHOTOS"
    how = typed(convert if name == CONVERTED else f"model install {name}", whole)
    return ModelAbsent(f"{what} is not installed: `{how}`", name)


def _with(model: Model, wanted: settings.EngineSettings, reason: str) -> EngineChoice:
    return EngineChoice(model.engine, reason, model.options(wanted.device), model)


@contextlib.contextmanager
def guarded(model: Model | None) -> Iterator[None]:
    """Make sure of a model's file, and keep it as long as an engine may have to read it again.

    The whole file is read: 310 MB take 0.3 s, and a network takes longer to load.

    Raises:
        NoEngine: it is not what was installed.
    """
    if model is None:
        yield
        return
    mend = f"`matted model verify {model.name}` says more; install it anew"
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(held(model.path))
            whole = os.fstat(file.fileno()).st_size == model.size_bytes
            whole = whole and sha256_of(file) == model.sha256
        except OSError as error:
            told = f"the model {model.name}, {model.path}, cannot be read: {error.strerror}; {mend}"
            raise NoEngine(told) from error
        if not whole:
            raise NoEngine(f"the model {model.name} is not what was installed; {mend}")
        yield
