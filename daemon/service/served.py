"""The folders of the settings: made where that is right, watched, and worked for."""

from __future__ import annotations

from pathlib import Path

from daemon.config.profiles import BUILT_IN
from daemon.config.settings import Folder, Settings
from daemon.delivery.deliveries import Deliveries
from daemon.errors import SettingsError
from daemon.filing.assembly import destination
from daemon.filing.queue import Filing
from daemon.intake import inbox
from daemon.intake.folders import WatchedFolders
from daemon.intake.identity import Identities
from daemon.log.events import Event, Log


class ServedFolders:
    """Puts settings into effect."""

    def __init__(
        self,
        config: Path,
        watching: WatchedFolders,
        filing: Filing,
        identities: Identities,
        deliveries: Deliveries,
        log: Log,
    ) -> None:
        self._config = config
        self._watching = watching
        self._filing = filing
        self._identities = identities
        self._deliveries = deliveries
        self._log = log

    def make(self, settings: Settings) -> None:
        """Make what can be; see ``make_folders``."""
        make_folders(settings, self._identities, self._config, self._log)

    def serve(self, settings: Settings) -> None:
        """Watch what the settings say, file it where they say, and tell whom they say.

        Raises:
            NoEngine: a refiner that a profile names cannot run.
            InUse: another daemon watches one of the folders.
        """
        destinations = {str(one.watch): destination(one, settings) for one in settings.folders}
        self._filing.prepare(destinations)  # the one of these that may fail
        self._watching.watch(settings.folders)
        self._filing.serve(
            destinations,
            profiles={**BUILT_IN, **settings.profiles},
            keep_days=settings.keep_days,
        )
        self._deliveries.serve(settings)


def make_folders(settings: Settings, identities: Identities, config: Path, log: Log) -> None:
    """Results and archives, unless on a share that is away; watched folders at first only.

    Raises:
        SettingsError: one cannot be made.
    """
    for folder in settings.folders:
        _make_inbox(folder, identities, log)
        for path in filter(None, (folder.results, folder.archive)):
            try:
                if identities.may_make(str(path)):
                    path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                fault = f"{path} cannot be made: {error.strerror}"
                raise SettingsError(str(config), (fault,)) from error


def _make_inbox(folder: Folder, identities: Identities, log: Log) -> None:
    known = not identities.may_make_watched(str(folder.watch))
    if folder.watch.exists() or known or inbox.hindrance(folder.watch, folder.marker):
        return
    if inbox.make(folder.watch):
        log.info(Event.FOLDER_MADE, folder=folder.watch)
