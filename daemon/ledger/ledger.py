"""The ledger itself. Every method is one short transaction, durable when it returns.

One process, the daemon, moves photos from state to state; others may read, and ``requeue``.

    waiting, retrying --claim--> working --plan--> publishing --filed--> filed
        ^                           |                  |
        +------- retry, give_back --+------------------+---- failed, gone

Times are seconds since the epoch, given by the caller: they must outlive a reboot.

A version of a photo is its folder, path, inode, size and mtime. The device number is stored but
tells nothing apart: many file systems get a new one at every mount, and each photo would then be
done again. Where inode numbers change too (FAT, some FUSE), the content's SHA-256 has the last
word: ``known_sha256`` and ``same_as_filed``.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from daemon.filed import Filed
from daemon.ledger import notices, redo, rows, transitions
from daemon.ledger.notices import Kind
from daemon.ledger.requests import Requests
from daemon.ledger.rows import State
from daemon.photo import Photo, Sighting
from daemon.plan import Move


class Ledger(Requests):
    """Moves photos from state to state; see the module."""

    # How photos come in

    def notice(self, sighting: Sighting, now_s: float) -> Photo | None:
        """Take in a settled version.

        Older versions of the same file that have not been begun are gone with it.

        Returns:
            The photo, now waiting; None if this version is known already.
        """
        return next(iter(self.notice_all([sighting], now_s)), None)

    def notice_all(self, sightings: Iterable[Sighting], now_s: float) -> tuple[Photo, ...]:
        """Take in many settled versions in one transaction, since each costs a sync to disk.

        Returns:
            Those that are new.
        """
        with self._write() as db:
            noticed = [transitions.notice(db, sighting, now_s) for sighting in sightings]
        return tuple(photo for photo in noticed if photo is not None)

    def same_as_filed(self, photo_id: int, sha256: str, *, dispose: bool, now_s: float) -> None:
        """The content was filed before: this version is filed too, without outputs of its own."""
        with self._write() as db:
            transitions.forget_names(db, photo_id)
            transitions.move(db, photo_id, State.FILED, now_s)
            db.execute(
                "UPDATE photo SET sha256 = ?, filed = NULL, flagged = 0, reason = NULL,"
                " disposed = ?"
                " WHERE id = ?",
                (sha256, not dispose, photo_id),
            )

    # How photos are worked on

    def claim(self, now_s: float, *, without: Collection[str] = ()) -> Photo | None:
        """Begin with the photo that has been due longest; its attempt is charged before it starts.

        Args:
            now_s: the present.
            without: folders to leave alone, because they are paused.

        Returns:
            The photo, working; None if none is due.
        """
        with self._write() as db:
            photo_id = transitions.due(db, now_s, without)
            if photo_id is None:
                return None
            transitions.move(db, photo_id, State.WORKING, now_s)
            db.execute(
                "UPDATE photo SET attempts = attempts + 1, tries = tries + 1 WHERE id = ?",
                (photo_id,),
            )
            return transitions.read(db, photo_id)

    def fix(self, photo_id: int, filed_on: date, results: Path, names: Sequence[bytes]) -> Photo:
        """Decide date and names, for this attempt and all that follow.

        The first date stays. Names are replaced by those given, for after ``NameTaken``.

        Raises:
            NameTaken: another photo has reserved one of them; nothing was changed.
        """
        with self._write() as db:
            transitions.reserve(db, photo_id, os.fsencode(results), names)
            db.execute(
                "UPDATE photo SET filed_on = coalesce(filed_on, ?) WHERE id = ?",
                (filed_on.isoformat(), photo_id),
            )
            return transitions.read(db, photo_id)

    def plan(self, photo_id: int, moves: Sequence[Move], filed: Filed, *, now_s: float) -> None:
        """Write down what is about to be published, before the first file is renamed."""
        with self._write() as db:
            transitions.write_plan(db, photo_id, moves)
            transitions.move(db, photo_id, State.PUBLISHING, now_s)
            db.execute(
                "UPDATE photo SET filed = ?, sha256 = ?, flagged = ? WHERE id = ?",
                (rows.dump(filed), filed.sha256, len(filed.flags), photo_id),
            )

    # How photos end

    def filed(
        self,
        photo_id: int,
        filed: Filed | None = None,
        *,
        dispose: bool,
        now_s: float,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        """All outputs lie under their final names, durably.

        Args:
            photo_id: whose.
            filed: the facts; those written with the plan, if None.
            dispose: whether the source is yet to be archived or deleted.
            now_s: the present.
            told: what others are told of it.
        """
        facts: tuple[object, ...] = (None, None, None)
        if filed is not None:
            facts = (rows.dump(filed), filed.sha256, len(filed.flags))
        with self._write() as db:
            transitions.drop_plan(db, photo_id)
            transitions.move(db, photo_id, State.FILED, now_s)
            db.execute(
                "UPDATE photo SET filed = coalesce(?, filed), sha256 = coalesce(?, sha256),"
                " flagged = coalesce(?, flagged), reason = NULL, disposed = ? WHERE id = ?",
                (*facts, not dispose, photo_id),
            )
            redo.end(db, photo_id)
            if told is not None:
                notices.write(db, Kind.FILED, told, now_s=now_s)

    def disposed(self, photo_id: int, *, kept: str | None = None) -> None:
        """The source was archived or deleted, or is not ours to touch any more.

        Args:
            photo_id: whose.
            kept: why it stays against the folder's policy, one line for people; None if it went.
        """
        with self._write() as db:
            db.execute(
                "UPDATE photo SET disposed = 1, reason = coalesce(?, reason) WHERE id = ?",
                (kept, photo_id),
            )

    def watched(self, photo_id: int, watched_s: float) -> None:
        """For how long this version was watched by now, over all runs of the program."""
        with self._write() as db:
            db.execute("UPDATE photo SET watched_s = ? WHERE id = ?", (watched_s, photo_id))

    def retry(self, photo_id: int, due_s: float, reason: str, *, free: bool, now_s: float) -> State:
        """The attempt failed; try again later.

        Args:
            photo_id: whose.
            due_s: not before this time.
            reason: one line for people.
            free: whether the attempt is given back.
            now_s: the present.

        Returns:
            retrying; or gone, if a newer version of the file was noticed meanwhile.
        """
        with self._write() as db:
            if free:
                _give_attempt_back(db, photo_id)
            return transitions.release(db, photo_id, due_s, reason, now_s=now_s)

    def give_back(self, photo_id: int, *, now_s: float) -> State:
        """The attempt was broken off by us, for a shutdown or a pause: as if it had not begun."""
        with self._write() as db:
            _give_attempt_back(db, photo_id)
            db.execute("UPDATE photo SET tries = max(tries - 1, 0) WHERE id = ?", (photo_id,))
            return transitions.release(db, photo_id, now_s, None, now_s=now_s)

    def failed(
        self,
        photo_id: int,
        reason: str,
        *,
        dispose: bool = False,
        now_s: float,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        """The photo is in quarantine, its report written.

        Args:
            photo_id: whose.
            reason: one line for people.
            dispose: whether the source is yet to follow.
            now_s: the present.
            told: what others are told of it.
        """
        with self._write() as db:
            _withdraw(db, photo_id, State.FAILED, now_s)
            db.execute(
                "UPDATE photo SET reason = ?, disposed = ? WHERE id = ?",
                (reason, not dispose, photo_id),
            )
            if told is not None:
                notices.write(db, Kind.QUARANTINED, told, now_s=now_s)

    def gone(self, photo_id: int, *, now_s: float) -> None:
        """The file is not there any more, in a folder that is: this version will not be filed."""
        with self._write() as db:
            _withdraw(db, photo_id, State.GONE, now_s)


def _give_attempt_back(db: sqlite3.Connection, photo_id: int) -> None:
    db.execute("UPDATE photo SET attempts = max(attempts - 1, 0) WHERE id = ?", (photo_id,))


def _withdraw(db: sqlite3.Connection, photo_id: int, state: State, now_s: float) -> None:
    """The photo ends without outputs."""
    transitions.drop_plan(db, photo_id)
    transitions.forget_names(db, photo_id)
    transitions.move(db, photo_id, state, now_s)
