"""Matting from a script: one function, the same pipeline as the daemon's (docs/api.md).

from daemon.api import process

if __name__ == "__main__":  # photo processes import the script again
    for result in process(["scans/"], "results/"):
        print(result.source, result.error or result.files)
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from daemon.batch.batch import Batch, Named
from daemon.batch.ending import Ending
from daemon.config import load
from daemon.config.faults import did_you_mean, faults_of
from daemon.config.profiles import BUILT_IN, Profile
from daemon.config.reading import Pages, Reading, Split, Turn
from daemon.config.settings import Folder, Settings
from daemon.engine.choice import stores
from daemon.errors import InUse, MattedError, NoEngine, ResultsTrouble, SettingsError
from daemon.filed import Filed
from daemon.log import events
from daemon.shelf import templates
from matting.engines import ENGINES
from matting.judgement.flag import Flag
from matting.models.catalog import CATALOG
from matting.models.errors import ModelError

__all__ = [
    "FLAT", "InUse", "MattedError", "NoEngine", "PathLike", "Profile", "Result", "ResultsTrouble",
    "SettingsError", "find_profile", "process", "settings_for", "treatment", "undated",
    "with_engine",
]  # fmt: skip

FLAT = "{subdir}/{stem}_{output}{ext}"
"""What results of one run are called, with settings or without: without the daemon's dates."""

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one photo."""

    source: str
    """Path as it was given, or for a photo in a given folder, its path; an address without what
    may be secret in it, password and query."""
    files: dict[str, Path] = field(default_factory=dict)
    """By the output's name, e.g. ``matte``; empty if it failed."""
    error: str | None = None
    """Why it failed, one line; None if it did not."""
    size: tuple[int, int] | None = None
    """(width, height) of the photo and of every result, in pixels."""
    people: int | None = None
    """How many people the engine found; None where it does not count them."""
    engine: str | None = None
    device: str | None = None
    """What the engine really ran on."""
    refiner: str | None = None
    """What solved the matte's edge; "none" is guided enlargement alone."""
    took_s: dict[str, float] = field(default_factory=dict)
    """Seconds per stage, in order."""
    warnings: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    """Why somebody should look at the matte, and where; docs/flags.md has the reasons."""
    skipped: bool = False
    """Whether these files were there before, and nothing was done."""


def process(  # noqa: PLR0913 - one function for scripts, of keywords with defaults
    photos: PathLike | Iterable[PathLike],
    out_dir: PathLike | None = None,
    *,
    profile: str | Profile = "old-photo",
    config: PathLike | None = None,
    engine: str | None = None,
    foreground: bool = True,
    pages: Pages = "first",
    split: Split = "none",
    turn: Turn = "none",
    skip_existing: bool = False,
    on_begin: Callable[[int], None] = lambda _: None,
    on_ready: Callable[[], None] = lambda: None,
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Cut the people out of photos, once.

    Photos are worked on in processes of their own, which import the calling script again: call
    this below ``if __name__ == "__main__":``.

    Args:
        photos: files, folders (with all below them) and http(s) addresses; one or many.
        out_dir: where the results go; made if it is not there. Nothing in it is overwritten.
            Without it, they go beside each photo; of a folder, into ``matted`` in it; of an
            address, into the present directory.
        profile: the name of one, from ``config`` or built in, and then results are called
            ``FLAT``, unless it has a ``file_as`` of its own; or a Profile, which has no name that
            its ``file_as`` could use.
        config: a settings file whose profiles, engine, workers and limits are used, and not its
            folders, of which it need have none.
        engine: an engine's name, or an installed model's, instead of the settings'.
        foreground: False leaves cut-outs out.
        pages: "all" makes a photo of its own of each page of a TIFF.
        split: "prints" cuts a flatbed's scan into the prints that lay on it (docs/prints.md).
        turn: "auto" turns scans that lie sideways or upside down, where that is certain.
        skip_existing: leave out photos whose results are there already, as after an interruption.
            Not together with ``pages`` or ``split``.
        on_begin: called with the number of photos, before the first.
        on_ready: called when the engine is there, if there is any work for it.
        on_result: called with each result as soon as it is there.

    Returns:
        A result for each photo, as they ended; a photo that cannot be matted is a result with an
        ``error``, never an exception, and so is a folder without photos.

    Raises:
        SettingsError: the settings or the profile's name are wrong, or ``out_dir`` is a folder that
            photos come from.
        NoEngine: no engine can run as demanded.
        ResultsTrouble: ``out_dir`` cannot be written.
    """
    reading = _reading(pages, split, turn, skip_existing=skip_existing)
    given = [photos] if isinstance(photos, str | os.PathLike) else list(photos)
    settings = with_engine(settings_for(config), engine)
    named = treatment(profile, settings, foreground=foreground)
    target = None if out_dir is None else Path(out_dir).resolve()
    results = []
    with tempfile.TemporaryDirectory(prefix="matted-") as state:
        log = events.silent()
        once = Batch(settings, named, target, Path(state), log, reading=reading, on_ready=on_ready)
        for one in given:
            once.add(os.fspath(one))
        if skip_existing:
            once.leave_out_existing()
        on_begin(len(once))
        with contextlib.closing(once.run()) as endings:
            for ending in endings:
                results.append(_result(ending, named.profile))
                on_result(results[-1])
    return results


def _reading(pages: Pages, split: Split, turn: Turn, *, skip_existing: bool) -> Reading:
    """What was asked for.

    Raises:
        SettingsError: there is no such thing, or not with ``skip_existing``.
    """
    given = {"pages": pages, "split": split, "turn": turn}
    try:
        reading = TypeAdapter(Reading).validate_python(given)
    except ValidationError as error:
        (((name, *_), fault), *_) = faults_of(error, given)
        raise SettingsError(str(name), (fault,)) from error
    if skip_existing and reading.many:
        # scan_1_matte.png may be of scan.tif's first print, or of scan_1.tif; and of how many
        # prints there have to be results is known only once the scan was looked at.
        fault = "cannot tell whose results are there where a file may hold several photos"
        raise SettingsError("--skip-existing", (fault,))
    return reading


def settings_for(config: PathLike | None) -> Settings:
    """The settings of a file, which need name no folders; defaults if there is none.

    Raises:
        SettingsError: with every fault.
    """
    if config is not None:
        return load.load(Path(config), folders=False)
    nowhere = Folder(watch=Path("inbox"), results=Path("results"))
    return Settings(folders=(nowhere,))


def with_engine(settings: Settings, name: str | None) -> Settings:
    """The same settings with another engine, or with an installed model and its engine.

    Raises:
        SettingsError: there is neither of that name, nor can there be.
    """
    if name is None:
        return settings
    engines = ("auto", *ENGINES)
    if name in engines:
        change: dict[str, object] = {"name": name}
    elif name in (models := _models(settings)) or name in CATALOG:
        change = {"name": "auto", "model": name}
    else:
        known = ", ".join((*engines, *models))
        fault = f"there is no engine {name!r}, nor is a model of that name installed; known are "
        raise SettingsError("--engine", (fault + known,))
    engine = settings.engine.model_copy(update=change)
    return settings.model_copy(update={"engine": engine})


def _models(settings: Settings) -> list[str]:
    """The names of installed models that are not an engine's as well."""
    try:
        return [model.name for model in stores(settings).list() if model.name not in ENGINES]
    except ModelError as error:
        raise SettingsError("--engine", (str(error),)) from error


def undated(profile: Profile) -> Profile:
    """The profile with ``FLAT`` instead of the daemon's usual names; a person's own names stay."""
    usual = Profile.model_fields["file_as"].default
    return profile.model_copy(update={"file_as": FLAT}) if profile.file_as == usual else profile


def treatment(profile: str | Profile, settings: Settings, *, foreground: bool = True) -> Named:
    """What is done to photos, and what that is called in their names.

    Raises:
        SettingsError: there is none of that name, or nothing is left of it; or it has no name, and
            its results are to bear it.
    """
    if isinstance(profile, Profile):
        named = Named("", profile)
        if "profile" in templates.fields(profile.file_as):
            fault = "{profile} stands for a name in the settings, and a Profile has none"
            raise SettingsError("file_as", (fault,))
    else:
        named = Named(profile, undated(find_profile(profile, settings)))
    try:
        return named if foreground else Named(named.name, named.profile.without("foreground"))
    except ValidationError as error:
        fault = f"leaves nothing of the profile {named.name}, which has no other outputs"
        raise SettingsError("--no-foreground", (fault,)) from error


def find_profile(name: str, settings: Settings) -> Profile:
    """A profile by its name.

    Raises:
        SettingsError: there is none of that name.
    """
    known = {**BUILT_IN, **settings.profiles}
    if name not in known:
        fault = f"there is no profile {name!r}{did_you_mean(name, list(known))}"
        raise SettingsError("--profile", (fault,))
    return known[name]


def _named(outputs: tuple[str, ...], filed: Filed) -> tuple[str, ...]:
    """What each file is called in a result: of several photos, "page 2, print 1: matte"."""
    if not filed.parts:
        return outputs
    return tuple(f"{part.shown}: {name}" for part in filed.parts for name in outputs)


def _result(ending: Ending, profile: Profile) -> Result:
    names = tuple(output.options.name for output in profile.outputs)
    if ending.existing:
        files = dict(zip(names, ending.existing, strict=True))
        return Result(ending.source, files=files, skipped=True)
    filed = ending.entry.filed if ending.entry else None
    if filed is None or ending.out_dir is None or ending.error is not None:
        return Result(ending.source, error=ending.error or "was filed before")
    paths = [ending.out_dir / os.fsdecode(name) for name in filed.names]
    return Result(
        source=ending.source,
        files=dict(zip(_named(names, filed), paths, strict=True)),
        size=filed.size,
        people=filed.people,
        engine=filed.engine,
        device=filed.device,
        refiner=filed.refiner,
        took_s=filed.took_s,
        warnings=filed.warnings,
        flags=filed.flags,
    )
