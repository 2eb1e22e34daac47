"""Filed photos put into the queue again: what `matted redo` and the page ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import get_args

from daemon.config.profiles import BUILT_IN
from daemon.config.settings import EngineSettings, Settings
from daemon.errors import LedgerTrouble, SettingsError
from daemon.ledger import Entry, Ledger, State
from daemon.photo import Redo, Touchup
from daemon.shelf.originals import find_original


@dataclass(frozen=True, slots=True)
class Wish:
    """How a photo is to be worked through again."""

    profile: str | None = None
    """None: its folder's."""
    engine: str | None = None
    """None: the daemon's own."""
    touchup: Touchup | None = None
    """None: the matte is made anew."""


def demand(settings: Settings, wish: Wish) -> None:
    """Refuse what the daemon would refuse later.

    Raises:
        SettingsError: there is no such profile or engine.
    """
    profiles = {**BUILT_IN, **settings.profiles}
    if wish.profile is not None and wish.profile not in profiles:
        known = ", ".join(sorted(profiles))
        raise SettingsError("redo", (f"--profile {wish.profile}: there are {known}",))
    if wish.engine is None:
        return
    engines = get_args(EngineSettings.model_fields["name"].annotation)
    if wish.engine not in engines:
        raise SettingsError("redo", (f"--engine {wish.engine}: there are {', '.join(engines)}",))
    from daemon.engine.choice import choose  # noqa: PLC0415 - looks into networks, which takes time
    from daemon.engine.others import with_engine  # noqa: PLC0415 - likewise

    choose(with_engine(settings, wish.engine))


def redo(ledger: Ledger, settings: Settings, entry: Entry, wish: Wish, *, who: str) -> None:
    """Put one photo into the queue again; its original is looked for.

    Raises:
        MattedError: that cannot be done; one line for people.
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
    wanted = Redo(source, entry.sha256, wish.profile, wish.engine, wish.touchup)
    ledger.redo(photo.id, wanted, now_s=time.time(), who=who)
