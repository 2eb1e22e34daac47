"""All watched folders: from what lies in them to what the ledger knows."""

from __future__ import annotations

import time
from collections.abc import Callable

from daemon.config.settings import Folder
from daemon.intake.claim import Claim
from daemon.intake.folder import WatchedFolder, without_marker
from daemon.intake.hints import Hint, HintedFolder, Hints
from daemon.intake.identity import Identities
from daemon.intake.mounts import file_system, sends_events, silent_below
from daemon.ledger import Ledger
from daemon.log.events import Event, Log
from daemon.photo import Sighting
from daemon.service.status import FolderNews

_PORTION = 500
"""Photos to take in at once: the first of twenty thousand is begun before the last is known."""


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
        self._identities = identities
        self._owner = owner
        self._wake = wake
        self._log = log
        self._fronts: dict[str, WatchedFolder] = {}
        self._claims: dict[tuple[str, str], Claim] = {}
        self._mounted: dict[str, tuple[str, bool]] = {}
        self._settled: list[Sighting] = []
        self._hints = self._no_hints()

    @property
    def folders(self) -> tuple[str, ...]:
        """Paths of the watched folders."""
        return tuple(self._fronts)

    @property
    def paused(self) -> dict[str, str]:
        """Folders in which nothing can be seen at the moment, and why."""
        return {path: front.paused for path, front in self._fronts.items() if front.paused}

    def watch(self, folders: tuple[Folder, ...]) -> None:
        """Watch these folders from now on; those that were watched before just go on.

        Raises:
            InUse: another daemon watches one of them; what was watched before still is.
        """
        wanted = {str(folder.watch): folder for folder in folders}
        fronts = {path: self._front(path, folder) for path, folder in wanted.items()}
        self._claim(wanted)
        self._hints.stop()
        self._fronts = fronts
        for path, front in self._fronts.items():
            self._set_up(front)
            front.silent_below = silent_below(path)
        watches = [
            HintedFolder(path, front.settings.recursive)
            for path, front in self._fronts.items()
            if front.events
        ]
        self._hints = Hints(watches, wake=self._wake, on_trouble=self._blind)
        self._hints.start()

    def turn(self) -> None:
        """Look at all that is due.

        Raises:
            LedgerTrouble: the ledger cannot be written; nothing that was seen is lost.
        """
        hinted = self._hints.drain()
        for front in self._fronts.values():
            if hinted.overflowed:
                front.scan_soon()
            self._look(front, tuple(hint for hint in hinted.hints if hint.folder == front.folder))
        self._take_in()

    def next_turn_s(self) -> float:
        """When there is something to look at again, on the monotonic clock."""
        if self._settled:
            return time.monotonic()
        return min(front.next_turn_s() for front in self._fronts.values())

    def news(self) -> dict[str, FolderNews]:
        """How the folders are, for who asks."""
        return {
            path: FolderNews(
                front.paused, *self._mounted[path], len(front.settling()), front.missed.count
            )
            for path, front in self._fronts.items()
        }

    def stop(self) -> None:
        """Watch nothing any more; the folders are still ours."""
        self._hints.stop()

    def close(self) -> None:
        """Let other daemons watch the folders, once no photo of theirs is at work any more."""
        for claim in self._claims.values():
            claim.release()

    def _look(self, front: WatchedFolder, hints: tuple[Hint, ...]) -> None:
        self._settled += sorted(front.turn(hints), key=_age)
        if front.exchanged or (front.last_scan and self._hints.lost(front.folder)):
            self._renew(front)
        if (found := front.last_scan) is None:
            return
        front.silent_below = silent_below(front.folder)  # shares may be mounted in it at any time
        pending = self._ledger.pending(front.folder)
        for path in found.missing(pending):
            self._ledger.gone(pending[path], now_s=time.time())
            self._log.info(Event.PHOTO_GONE, photo=pending[path], folder=front.folder, path=path)

    def _renew(self, front: WatchedFolder) -> None:
        """Events end with the mount they came from, and only a mount that is there has a type."""
        self._set_up(front)
        if front.events:
            self._hints.renew(front.folder)
            front.scan_soon(watched_anew=True)  # for what came before the new watch

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

    def _claim(self, wanted: dict[str, Folder]) -> None:
        pairs = {(path, str(folder.results)): folder for path, folder in wanted.items()}
        fresh: dict[tuple[str, str], Claim] = {}
        try:
            for pair in pairs.keys() - self._claims.keys():
                claim = fresh[pair] = Claim(*pair, self._owner, absent=self._identities.trouble)
                if self._absent(pairs[pair]) is None:
                    claim.demand()
        except BaseException:
            for claim in fresh.values():
                claim.release()
            raise
        for pair in self._claims.keys() - pairs.keys():
            self._claims.pop(pair).release()
        self._claims |= fresh

    def _absent(self, folder: Folder) -> str | None:
        """Why it is not itself at the moment."""
        return without_marker(folder) or self._identities.trouble(str(folder.watch))

    def _trouble(self, folder: Folder) -> str | None:
        path = str(folder.watch)
        claim = self._claims[path, str(folder.results)]
        return self._identities.trouble(path) or claim.trouble()

    def _front(self, path: str, folder: Folder) -> WatchedFolder:
        known = self._fronts.get(path)
        if known is not None and known.settings == folder:
            return known
        return WatchedFolder(folder, self._log, trouble=lambda: self._trouble(folder))

    def _set_up(self, front: WatchedFolder) -> None:
        """Find out what the folder's file system can do."""
        folder = front.settings
        try:
            kind = file_system(str(folder.watch))
        except OSError:
            kind = "away"
        front.local = sends_events(kind)
        front.events = events = folder.events != "off" and front.local
        self._mounted[str(folder.watch)] = (kind, events)
        self._log.info(
            Event.FOLDER_WATCHED,
            folder=folder.watch,
            results=folder.results,
            profile=folder.profile,
            file_system=kind,
            events=events,
            silent_below=silent_below(str(folder.watch)),
        )

    def _blind(self, folder: str, reason: str) -> None:
        self._log.warning(Event.FOLDER_BLIND, folder=folder, reason=reason)

    def _no_hints(self) -> Hints:
        return Hints([], wake=self._wake, on_trouble=self._blind)


def _age(sighting: Sighting) -> tuple[int, bytes]:
    """Oldest first. Dates may be wrong, but they only decide about the order here."""
    return sighting.version.mtime_ns, sighting.path
