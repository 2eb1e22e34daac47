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
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from daemon.errors import LedgerTrouble
from daemon.ledger import notices, rows, schema, transitions
from daemon.ledger.notices import Kind
from daemon.ledger.rows import Entry, Recovery, State
from daemon.photo import Filed, Photo, Sighting
from daemon.plan import Move


class Ledger:
    """See the module."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, ids_from: int = 0) -> Ledger:
        """Open it, and make it where it is missing, unless it is only read.

        Args:
            path: its file.
            read_only: whether to leave it as it is, missing or not.
            ids_from: photos in a new ledger get ids above this one.

        Raises:
            LedgerTrouble: it cannot be opened.
        """
        return cls(schema.connect(path, read_only=read_only, ids_from=ids_from), path)

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

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

    def known_sha256(self, folder: str, path: bytes) -> frozenset[str]:
        """Contents that this file had when it was filed."""
        with self._read() as db:
            found = db.execute(
                "SELECT sha256 FROM photo WHERE folder = ? AND path = ? AND state = 'filed'",
                (os.fsencode(folder), path),
            )
            return frozenset(row["sha256"] for row in found if row["sha256"])

    def filed_contents(self, folder: str, size_bytes: int) -> frozenset[str]:
        """SHA-256 of whatever was filed from a folder and has this size, as equal contents have."""
        with self._read() as db:
            found = db.execute(
                "SELECT DISTINCT sha256 FROM photo"
                " WHERE folder = ? AND size_bytes = ? AND state = 'filed' AND sha256 IS NOT NULL",
                (os.fsencode(folder), size_bytes),
            )
            return frozenset(row["sha256"] for row in found)

    def filed_as(self, folder: str, sha256: str) -> bytes | None:
        """The path in a folder under which a content was filed; None if it was not."""
        with self._read() as db:
            found = db.execute(
                "SELECT path FROM photo WHERE sha256 = ? AND folder = ? AND state = 'filed'"
                " ORDER BY id LIMIT 1",
                (sha256, os.fsencode(folder)),
            ).fetchone()
            return found and bytes(found["path"])

    def same_as_filed(self, photo_id: int, sha256: str, *, dispose: bool, now_s: float) -> None:
        """The content was filed before: this version is filed too, without outputs of its own."""
        with self._write() as db:
            transitions.forget_names(db, photo_id)
            transitions.move(db, photo_id, State.FILED, now_s)
            db.execute(
                "UPDATE photo SET sha256 = ?, filed = NULL, reason = NULL, disposed = ?"
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

    def next_due_s(self) -> float | None:
        """When the next photo is due, or was; None if none is open."""
        with self._read() as db:
            query = (
                "SELECT min(due_s) AS due_s FROM photo INDEXED BY photo_by_due"
                " WHERE state IN ('waiting', 'retrying')"
            )
            due_s: float | None = db.execute(query).fetchone()["due_s"]
            return due_s

    def oldest_open_s(self) -> float | None:
        """Since when the oldest photo waits that is not begun; None if none is open."""
        with self._read() as db:
            query = (
                "SELECT min(first_seen_s) AS seen_s FROM photo INDEXED BY photo_by_due"
                " WHERE state IN ('waiting', 'retrying')"
            )
            seen_s: float | None = db.execute(query).fetchone()["seen_s"]
            return seen_s

    def reserved(self, results: Path, name: bytes) -> bool:
        """Whether a name, relative to a result folder, is reserved or was ever filed."""
        with self._read() as db:
            query = "SELECT 1 FROM name WHERE results = ? AND name = ?"
            return db.execute(query, (os.fsencode(results), name)).fetchone() is not None

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
                "UPDATE photo SET filed = ?, sha256 = ? WHERE id = ?",
                (rows.dump(filed), filed.sha256, photo_id),
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
        facts = (None, None) if filed is None else (rows.dump(filed), filed.sha256)
        with self._write() as db:
            transitions.drop_plan(db, photo_id)
            transitions.move(db, photo_id, State.FILED, now_s)
            db.execute(
                "UPDATE photo SET filed = coalesce(?, filed), sha256 = coalesce(?, sha256),"
                " reason = NULL, disposed = ? WHERE id = ?",
                (*facts, not dispose, photo_id),
            )
            if told is not None:
                notices.write(db, Kind.FILED, told, now_s=now_s)

    def tell(self, kind: Kind, told: Mapping[str, Any], *, now_s: float) -> None:
        """Note something for others that is no photo's state."""
        with self._write() as db:
            notices.write(db, kind, told, now_s=now_s)

    def to_dispose(self) -> tuple[Photo, ...]:
        """Photos whose sources are yet to be archived or deleted, or to follow into quarantine."""
        with self._read() as db:
            query = "SELECT * FROM photo WHERE disposed = 0 ORDER BY id"
            return tuple(
                rows.photo(row, transitions.names(db, row["id"])) for row in db.execute(query)
            )

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

    def filing_of(self, folder: str, sha256: str) -> tuple[Filed | None, tuple[Path, ...]]:
        """How a content was last filed from a folder, and where its outputs were put."""
        with self._read() as db:
            found = db.execute(
                "SELECT * FROM photo WHERE sha256 = ? AND folder = ? AND state = 'filed'"
                " AND filed IS NOT NULL ORDER BY id DESC LIMIT 1",
                (sha256, os.fsencode(folder)),
            ).fetchone()
            if found is None:
                return None, ()
            query = "SELECT results, name FROM name WHERE photo = ? ORDER BY position"
            names = db.execute(query, (found["id"],)).fetchall()
            paths = (os.fsdecode(os.path.join(row["results"], row["name"])) for row in names)
            filed = rows.load(found["filed"], tuple(row["name"] for row in names))
            return filed, tuple(map(Path, paths))

    def kept(self, *, limit: int = 100) -> tuple[Entry, ...]:
        """Filed photos whose originals stay against the folder's policy, the latest first."""
        with self._read() as db:
            query = (
                "SELECT * FROM photo INDEXED BY photo_kept WHERE state = 'filed'"
                " AND reason IS NOT NULL ORDER BY changed_s DESC LIMIT ?"
            )
            found = db.execute(query, (limit,)).fetchall()
            return tuple(rows.entry(row, transitions.names(db, row["id"])) for row in found)

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

    # What is asked

    def recover(self) -> Recovery:
        """What the last run left undone; changes nothing, so it may be asked again."""
        with self._read() as db:
            working = db.execute("SELECT * FROM photo WHERE state = 'working' ORDER BY id")
            photos = tuple(rows.photo(row, transitions.names(db, row["id"])) for row in working)
            publishing = db.execute("SELECT * FROM photo WHERE state = 'publishing' ORDER BY id")
            return Recovery(photos, tuple(transitions.publishing(db, row) for row in publishing))

    def pending(self, folder: str) -> dict[bytes, int]:
        """Paths and ids of what waits or retries in a folder, to compare with a scan."""
        with self._read() as db:
            found = db.execute(
                "SELECT path, id FROM photo INDEXED BY photo_by_due"
                " WHERE folder = ? AND state IN ('waiting', 'retrying')",
                (os.fsencode(folder),),
            )
            return {row["path"]: row["id"] for row in found}

    def folders(self) -> frozenset[str]:
        """Folders that have photos in the queue, watched at present or not."""
        with self._read() as db:
            query = "SELECT DISTINCT folder FROM photo WHERE state IN ('waiting', 'retrying')"
            return frozenset(os.fsdecode(row["folder"]) for row in db.execute(query))

    def counts(self) -> dict[State, int]:
        """How many photos are in each state.

        A version that only got another date was filed with the first one, and is not counted.
        """
        with self._read() as db:
            found = db.execute("SELECT state, count(*) AS n FROM photo GROUP BY state")
            numbers = {row["state"]: row["n"] for row in found}
            counts = {state: numbers.get(state, 0) for state in State}
            counts[State.FILED] -= _unchanged_since(db, 0)
            return counts

    def count_filed_since(self, time_s: float) -> int:
        """How many photos were filed since a time."""
        with self._read() as db:
            query = "SELECT count(*) FROM photo WHERE state = 'filed' AND changed_s >= ?"
            return int(db.execute(query, (time_s,)).fetchone()[0]) - _unchanged_since(db, time_s)

    def entry(self, photo_id: int) -> Entry | None:
        """All that is known of one photo."""
        with self._read() as db:
            row = db.execute("SELECT * FROM photo WHERE id = ?", (photo_id,)).fetchone()
            return row and rows.entry(row, transitions.names(db, photo_id))

    def entries(self, state: State, *, limit: int = 100) -> tuple[Entry, ...]:
        """The photos in a state, the latest first."""
        with self._read() as db:
            query = "SELECT * FROM photo WHERE state = ? ORDER BY changed_s DESC, id DESC LIMIT ?"
            found = db.execute(query, (state, limit)).fetchall()
            return tuple(rows.entry(row, transitions.names(db, row["id"])) for row in found)

    def requeue(self, photo_id: int, *, now_s: float) -> bool:
        """Take a photo out of quarantine and begin anew with it, all attempts forgiven.

        May be called from another process than the daemon's.

        Returns:
            Whether it was in quarantine.
        """
        with self._write() as db:
            changed = db.execute(
                "UPDATE photo SET state = 'waiting', attempts = 0, tries = 0, reason = NULL,"
                " disposed = 1, due_s = ?, changed_s = ?, superseded = 0"
                " WHERE id = ? AND state = 'failed'",
                (now_s, now_s, photo_id),
            )
            return changed.rowcount == 1

    # Transactions

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """All of it, durably, or nothing."""
        with self._read() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # SQLite itself rolls back when the disk is full
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except (sqlite3.Error, UnicodeDecodeError) as error:  # the second of a damaged text
                raise LedgerTrouble(f"the ledger: {error}") from error


def _give_attempt_back(db: sqlite3.Connection, photo_id: int) -> None:
    db.execute("UPDATE photo SET attempts = max(attempts - 1, 0) WHERE id = ?", (photo_id,))


def _withdraw(db: sqlite3.Connection, photo_id: int, state: State, now_s: float) -> None:
    """The photo ends without outputs."""
    transitions.drop_plan(db, photo_id)
    transitions.forget_names(db, photo_id)
    transitions.move(db, photo_id, state, now_s)


def _unchanged_since(db: sqlite3.Connection, time_s: float) -> int:
    """How many versions were found to be filed already."""
    query = "SELECT count(*) FROM photo WHERE state = 'filed' AND filed IS NULL AND changed_s >= ?"
    return int(db.execute(query, (time_s,)).fetchone()[0])
