"""``matted redo``: work filed photos through again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, get_args

import typer

from daemon.cli.photos import for_each, photo_of
from daemon.config import load
from daemon.config.profiles import BUILT_IN
from daemon.config.settings import EngineSettings, Settings
from daemon.errors import LedgerTrouble, SettingsError
from daemon.ledger import Entry, Ledger, State
from daemon.ledger.place import existing
from daemon.photo import Redo
from daemon.shelf.originals import find_original


def main(
    photos: Annotated[
        list[str], typer.Argument(help="IDs, as status shows them, or files: originals or results.")
    ],
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
    profile: Annotated[
        str | None, typer.Option(help="Treat them as this profile says; else as their folder does.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="Have this engine make the mattes; else the daemon's own.")
    ] = None,
) -> None:
    """Work photos that are filed through again; the new results lie beside the old ones.

    The daemon does it, now or when it runs again. Nothing is overwritten, and originals stay where
    they are: in the watched folder, or in the archive.
    """
    settings = load.load(config)
    _demand(settings, profile, engine)
    with Ledger.open(existing(settings.state_dir)) as ledger:
        for_each(
            photos, lambda one: _redo(ledger, settings, photo_of(ledger, one), profile, engine)
        )


def _demand(settings: Settings, profile: str | None, engine: str | None) -> None:
    """Refuse what the daemon would refuse later."""
    profiles = {**BUILT_IN, **settings.profiles}
    if profile is not None and profile not in profiles:
        known = ", ".join(sorted(profiles))
        raise SettingsError("redo", (f"--profile {profile}: there are {known}",))
    if engine is None:
        return
    engines = get_args(EngineSettings.model_fields["name"].annotation)
    if engine not in engines:
        raise SettingsError("redo", (f"--engine {engine}: there are {', '.join(engines)}",))
    from daemon.engine.choice import choose  # noqa: PLC0415 - looks into networks, which takes time
    from daemon.engine.others import with_engine  # noqa: PLC0415 - likewise

    choose(with_engine(settings, engine))


def _redo(
    ledger: Ledger, settings: Settings, entry: Entry, profile: str | None, engine: str | None
) -> str:
    """Put one photo into the queue again; returns what is to be told of it.

    Raises:
        MattedError: that cannot be done.
    """
    photo = entry.photo
    if entry.state is State.FAILED:
        raise LedgerTrouble(f"is in quarantine; `matted retry {photo.id}` tries it again")
    if entry.state is not State.FILED or entry.sha256 is None:
        raise LedgerTrouble(f"is {entry.state}; only what is filed can be redone")
    folder = next((one for one in settings.folders if str(one.watch) == photo.folder), None)
    if folder is None:
        raise LedgerTrouble(f"its folder {photo.folder} is not watched any more")
    same = ledger.of_content(photo.folder, entry.sha256)
    source = find_original([one.photo for one in same], entry.sha256, folder.archive)
    wanted = Redo(source, entry.sha256, profile, engine)
    ledger.redo(photo.id, wanted, now_s=time.time())
    return f"{photo.shown} will be redone"
