"""All watched folders: from what lies in them to what the ledger knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from daemon.config.settings import Folder
from daemon.intake.claims import Claims
from daemon.intake.folder import FolderTurn, WatchedFolder
from daemon.intake.hints import Hint, HintedFolder, Hints
from daemon.intake.identity import Identities
from daemon.intake.news import FolderNews
from daemon.intake.scan import Scan
from daemon.ledger import Ledger
from daemon.log.events import Event, Log
from daemon.photo import Sighting

_PORTION = 500
"""Photos to take in at once: the first of twenty thousand is begun before the last is known."""
_LONGEST_REST_S = 0.1
"""After a turn, which rests as long as it took: to know twenty thousand photos is seconds of work,
and those at work need the core meanwhile."""


class WatchedFolders:
    """Takes settled photos into the ledger, and takes out what is certainly not there."""

    def __init__(
        self,
        ledger: Ledger,
        identities: Identities,
        *,
        owner: str,
        wake: Callable[[], None],
        log: Log,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            ledger: the queue and the memory.
            identities: tell a folder from the bare mount point below it.
            owner: what the state directory is known by, to other daemons.
            wake: called, from another thread, when a folder has news.
            log: for what happens to folders and photos.
        """
        self._ledger = ledger
        self._claims = Claims(identities, owner)
        self._wake = wake
        self._log = log
        self._settings: dict[str, Folder] = {}
        self._watched: dict[str, WatchedFolder] = {}
        self._seen: dict[str, FolderTurn] = {}
        self._settled: list[Sighting] = []
        self._rested_s = 0.0
        self._hints = self._hints_of([])

    @property
    def folders(self) -> tuple[str, ...]:
        """Paths of the watched folders."""
        return tuple(self._watched)

    @property
    def paused(self) -> dict[str, str]:
        """Folders in which nothing can be seen at the moment, and why."""
        return {path: seen.paused for path, seen in self._seen.items() if seen.paused}

    def watch(self, folders: tuple[Folder, ...]) -> None:
        """Watch these folders from now on; those that were watched before just go on.

        Raises:
            InUse: another daemon watches one of them; what was watched before still is.
        """
        wanted = {str(folder.watch): folder for folder in folders}
        same = {path for path, folder in wanted.items() if self._settings.get(path) == folder}
        watched = {
            path: self._watched[path] if path in same else self._new(folder)
            for path, folder in wanted.items()
        }
        self._claims.hold(folders)
        self._hints.stop()
        self._settings, self._watched = wanted, watched
        self._seen = {path: self._seen.get(path, FolderTurn()) for path in wanted if path in same}
        self._hints = self._hints_of(
            [
                HintedFolder(path, wanted[path].recursive)
                for path, folder in watched.items()
                if folder.set_up()
            ]
        )
        self._hints.start()

    def turn(self) -> None:
        """Look at all that is due.

        Raises:
            LedgerTrouble: the ledger cannot be written; nothing that was seen is lost.
        """
        began_s = time.monotonic()
        hinted = self._hints.drain()
        for path, folder in self._watched.items():
            if hinted.overflowed:
                folder.scan_soon()
            self._look(path, folder, tuple(hint for hint in hinted.hints if hint.folder == path))
        self._take_in()
        ended_s = time.monotonic()
        self._rested_s = ended_s + min(ended_s - began_s, _LONGEST_REST_S)

    def next_turn_s(self) -> float:
        """When there is something to look at again, on the monotonic clock."""
        if self._settled:
            return self._rested_s
        return max(self._rested_s, min(one.next_turn_s() for one in self._watched.values()))

    def news(self) -> dict[str, FolderNews]:
        """How the folders are, for who asks."""
        return {path: folder.news() for path, folder in self._watched.items()}

    def stop(self) -> None:
        """Watch nothing any more; the folders are still ours."""
        self._hints.stop()

    def close(self) -> None:
        """Let other daemons watch the folders, once no photo of theirs is at work any more."""
        self._claims.close()

    def _look(self, path: str, folder: WatchedFolder, hints: tuple[Hint, ...]) -> None:
        self._seen[path] = seen = folder.turn(hints)
        self._settled += sorted(seen.settled, key=lambda sighting: sighting.by_age)
        if seen.exchanged or (seen.last_scan and self._hints.lost(path)):
            self._renew(path, folder)
        if seen.last_scan is not None:
            self._take_out(path, seen.last_scan)

    def _take_out(self, folder: str, found: Scan) -> None:
        pending = self._ledger.pending(folder)
        for path in found.missing(pending):
            self._ledger.gone(pending[path], now_s=time.time())
            self._log.info(Event.PHOTO_GONE, photo=pending[path], folder=folder, path=path)

    def _renew(self, path: str, folder: WatchedFolder) -> None:
        """Events end with the mount they came from, and only a mount that is there has a type."""
        if folder.set_up():
            self._hints.renew(path)
            folder.scan_soon(watched_anew=True)  # for what came before the new watch

    def _take_in(self) -> None:
        portion = self._settled[:_PORTION]
        if not portion:
            return
        for photo in self._ledger.notice_all(portion, time.time()):
            self._log.info(
                Event.PHOTO_SETTLED,
                photo=photo.id,
                folder=photo.folder,
                path=photo.shown,
                size_bytes=photo.version.size_bytes,
            )
        del self._settled[:_PORTION]  # not before: if the ledger fails, they are taken in later

    def _new(self, folder: Folder) -> WatchedFolder:
        return WatchedFolder(folder, self._log, trouble=partial(self._claims.trouble, folder))

    def _hints_of(self, folders: list[HintedFolder]) -> Hints:
        return Hints(folders, wake=self._wake, on_trouble=self._tell_blind)

    def _tell_blind(self, folder: str, reason: str) -> None:
        self._log.warning(Event.FOLDER_BLIND, folder=folder, reason=reason)
