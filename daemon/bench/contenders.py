"""Which engines are to be tried: the one for people, and whatever networks are installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.config import settings
from daemon.config.faults import did_you_mean
from daemon.engine.choice import choose, stores
from daemon.errors import NoEngine, SettingsError
from matting.models.catalog import PEOPLE, PEOPLE_ENGINE
from matting.models.errors import ModelError
from matting.models.naming import engine_of


@dataclass(frozen=True, slots=True)
class Contender:
    """One engine, or an installed model with the engine that runs it."""

    name: str
    """What the user calls it."""
    wanted: settings.Settings
    """Settings that choose it and nothing else."""
    installed: bool = True
    """What is not is tried only where it is asked for, and says how it is installed."""


def known(wanted: settings.Settings) -> dict[str, Contender]:
    """What there is: the engine for people, the network that the settings name by file, the models.

    Args:
        wanted: the settings; of the engine's, device, patience and (for the engine that they
            choose) the interpreter are kept.

    Raises:
        NoEngine: the directory of models cannot be read.
    """
    try:
        installed = sorted({name for store in stores(wanted).stores for name in store.names()})
    except ModelError as error:
        raise NoEngine(str(error)) from error
    absent = () if PEOPLE in installed else (PEOPLE_ENGINE,)
    found = {PEOPLE_ENGINE: with_engine(wanted, name=PEOPLE_ENGINE, model=None)}
    file = wanted.engine.model
    if isinstance(file, Path):
        engine = engine_of(file)
        found[file.name if engine in {*installed, *found} else engine] = with_engine(
            wanted, name=engine, model=file
        )
    others = (name for name in installed if name != PEOPLE)
    found |= {name: with_engine(wanted, name="auto", model=name) for name in others}
    return {name: Contender(name, what, name not in absent) for name, what in found.items()}


def with_engine(wanted: settings.Settings, **engine: object) -> settings.Settings:
    """Settings with another engine; an interpreter is only for the engine it was given for."""
    other = wanted.model_copy(update={"engine": wanted.engine.model_copy(update=engine)})
    if wanted.engine.python is None or _engine(other) == _engine(wanted):
        return other
    return with_engine(other, python=None)


def _engine(wanted: settings.Settings) -> str | None:
    try:
        return choose(wanted).engine
    except NoEngine:  # and what runs it will say so
        return None


def chosen(wanted: str | None, all_known: Mapping[str, Contender]) -> tuple[Contender, ...]:
    """Those that were asked for, in that order and each once; all that is installed if none was.

    Args:
        wanted: names with commas between.
        all_known: by name.

    Raises:
        SettingsError: a name is not known.
    """
    if wanted is None:
        installed = tuple(one for one in all_known.values() if one.installed)
        return installed or tuple(all_known.values())
    named = (name.strip() for name in wanted.split(",") if name.strip())
    names = [PEOPLE_ENGINE if name == PEOPLE else name for name in named]
    if unknown := [name for name in dict.fromkeys(names) if name not in all_known]:
        faults = [_unknown(name, list(all_known)) for name in unknown]
        raise SettingsError("--engines", tuple(faults))
    if not names:
        raise SettingsError("--engines", (f"names none; known are {', '.join(all_known)}",))
    return tuple(all_known[name] for name in dict.fromkeys(names))


def _unknown(name: str, known: Sequence[str]) -> str:
    told = f"there is no engine {name!r} and no model of that name is installed"
    return told + did_you_mean(name, list(known))
