"""What the ledger is asked. Nothing here changes it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from daemon.filed import Filed
from daemon.ledger import redo, retention, rows, tallies, transitions
from daemon.ledger.database import Database
from daemon.ledger.rows import Entry, Recovery, State
from daemon.photo import Photo


class Records(Database):
    """All that is known of photos."""

    def known_sha256(self, folder: str, path: bytes) -> frozenset[str]:
        """Contents that this file had when it was filed."""
        with self._read() as db:
            found = db.execute(
                "SELECT sha256 FROM photo WHERE folder = ? AND path = ?"
                " AND (state = 'filed' OR redo IS NOT NULL)",
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

    def reserved_below(self, results: Path, folder: bytes) -> tuple[bytes, ...]:
        """All names that are reserved or were filed below a folder of a result folder.

        Args:
            results: the result folder.
            folder: relative to it; empty for itself.
        """
        with self._read() as db:
            query = "SELECT name FROM name WHERE results = ? AND name >= ? AND name < ?"
            between = (folder + b"/", folder + b"0") if folder else (b"", b"\xff" * 256)
            found = db.execute(query, (os.fsencode(results), *between))
            return tuple(row["name"] for row in found)

    def to_dispose(self) -> tuple[Photo, ...]:
        """Photos whose sources are yet to be archived or deleted, or to follow into quarantine."""
        with self._read() as db:
            query = "SELECT * FROM photo WHERE disposed = 0 ORDER BY id"
            return tuple(
                rows.photo(row, transitions.names(db, row["id"])) for row in db.execute(query)
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

    def recover(self) -> Recovery:
        """What the last run left undone; changes nothing, so it may be asked again."""
        with self._read() as db:
            working = db.execute("SELECT * FROM photo WHERE state = 'working' ORDER BY id")
            photos = tuple(rows.photo(row, transitions.names(db, row["id"])) for row in working)
            publishing = db.execute("SELECT * FROM photo WHERE state = 'publishing' ORDER BY id")
            return Recovery(photos, tuple(transitions.publishing(db, row) for row in publishing))

    def history(self, photo_id: int) -> tuple[Filed, ...]:
        """What a photo that was redone was filed as before, the oldest first."""
        with self._read() as db:
            return redo.history(db, photo_id)

    def ended_before(self, time_s: float, *, after_id: int, limit: int) -> tuple[Entry, ...]:
        """Photos that came to their end before a time, and that nothing is yet to be done for."""
        with self._read() as db:
            return retention.ended_before(db, time_s, after_id=after_id, limit=limit)

    def of_content(self, folder: str, sha256: str) -> tuple[Entry, ...]:
        """All filed versions in a folder that have a content, the latest first."""
        with self._read() as db:
            found = db.execute(
                "SELECT * FROM photo WHERE sha256 = ? AND folder = ? AND state = 'filed'"
                " ORDER BY id DESC",
                (sha256, os.fsencode(folder)),
            ).fetchall()
            return tuple(rows.entry(row, transitions.names(db, row["id"])) for row in found)

    def called(self, path: Path) -> tuple[int, ...]:
        """Ids of photos that are, or have a result that is, a file; the latest first."""
        parts = os.fsencode(path).split(b"/")
        # Which of the folders above it is the watched one, or the results', is not said.
        halves = [(b"/".join(parts[:at]), b"/".join(parts[at:])) for at in range(1, len(parts))]
        with self._read() as db:
            found = {
                row[0]
                for half in halves
                for row in (
                    *db.execute("SELECT id FROM photo WHERE folder = ? AND path = ?", half),
                    *db.execute("SELECT photo FROM name WHERE results = ? AND name = ?", half),
                )
            }
            return tuple(sorted(found, reverse=True))

    def pending(self, folder: str) -> dict[bytes, int]:
        """Paths and ids of what waits or retries in a folder, to compare with a scan."""
        with self._read() as db:
            found = db.execute(
                "SELECT path, id FROM photo INDEXED BY photo_by_due"
                " WHERE folder = ? AND state IN ('waiting', 'retrying') AND redo IS NULL",
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
            numbers = tallies.read(db)
            counts = {state: numbers.get(state, 0) for state in State}
            counts[State.FILED] -= _unchanged_since(db, 0)
            return counts

    def count_filed_since(self, time_s: float) -> int:
        """How many photos were filed since a time."""
        with self._read() as db:
            query = "SELECT count(*) FROM photo WHERE state = 'filed' AND changed_s >= ?"
            return int(db.execute(query, (time_s,)).fetchone()[0]) - _unchanged_since(db, time_s)

    def count_flagged_since(self, time_s: float) -> int:
        """How many of the photos filed since a time somebody has yet to look at."""
        with self._read() as db:
            query = (
                "SELECT count(*) FROM photo INDEXED BY photo_to_look_at"
                " WHERE state = 'filed' AND flagged > 0 AND decided IS NULL AND changed_s >= ?"
            )
            return int(db.execute(query, (time_s,)).fetchone()[0])

    def flagged(self, since_s: float = 0, *, limit: int = 100) -> tuple[Entry, ...]:
        """Photos filed since a time that somebody has yet to look at, the latest first."""
        with self._read() as db:
            query = (
                "SELECT * FROM photo INDEXED BY photo_to_look_at WHERE state = 'filed'"
                " AND flagged > 0 AND decided IS NULL AND changed_s >= ?"
                " ORDER BY changed_s DESC, id DESC LIMIT ?"
            )
            found = db.execute(query, (since_s, limit)).fetchall()
            return tuple(rows.entry(row, transitions.names(db, row["id"])) for row in found)

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


def _unchanged_since(db: sqlite3.Connection, time_s: float) -> int:
    """How many versions were found to be filed already."""
    # Left to itself SQLite looks at all that were filed since, to find the few of which no more is
    # known.
    query = (
        "SELECT count(*) FROM photo INDEXED BY photo_unchanged"
        " WHERE state = 'filed' AND filed IS NULL AND changed_s >= ?"
    )
    return int(db.execute(query, (time_s,)).fetchone()[0])
