"""How a photo moves from state to state: SQL, each function a part of somebody's transaction."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Sequence

from daemon.errors import LedgerTrouble, NameTaken
from daemon.ledger import rows
from daemon.ledger.rows import Planned, State
from daemon.photo import Photo, Sighting
from daemon.plan import Move, Plan

LONGEST_WAIT_S = 900.0
"""Nothing is ever due later than this; if it seems so, the clock was set back."""


def read(db: sqlite3.Connection, photo_id: int) -> Photo:
    """One photo, with its names."""
    row = db.execute("SELECT * FROM photo WHERE id = ?", (photo_id,)).fetchone()
    if row is None:
        raise LedgerTrouble(f"no photo {photo_id} in the ledger")
    return rows.photo(row, names(db, photo_id))


def names(db: sqlite3.Connection, photo_id: int) -> tuple[bytes, ...]:
    """Reserved names of a photo's outputs, in the profile's order."""
    found = db.execute("SELECT name FROM name WHERE photo = ? ORDER BY position", (photo_id,))
    return tuple(row["name"] for row in found)


def move(db: sqlite3.Connection, photo_id: int, state: State, now_s: float) -> None:
    """Put a photo into a state."""
    changed = db.execute(
        "UPDATE photo SET state = ?, changed_s = ? WHERE id = ?", (state, now_s, photo_id)
    )
    if changed.rowcount != 1:
        raise LedgerTrouble(f"no photo {photo_id} in the ledger")


def notice(db: sqlite3.Connection, sighting: Sighting, now_s: float) -> Photo | None:
    """Take in a settled version; None if it is known, and not as gone."""
    version = sighting.version
    file = (os.fsencode(sighting.folder), sighting.path)
    key = (*file, rows.signed(version.inode), version.size_bytes, version.mtime_ns)
    known = db.execute(
        "SELECT id, state FROM photo WHERE folder = ? AND path = ? AND inode = ?"
        " AND size_bytes = ? AND mtime_ns = ?",
        key,
    ).fetchone()
    photo_id = known["id"] if known else _insert(db, key, now_s)
    db.execute(
        "UPDATE photo SET device = ?, superseded = 0 WHERE id = ?",
        (rows.signed(version.device), photo_id),
    )
    if known and known["state"] == State.GONE:
        _revive(db, photo_id, now_s)
    _supersede_others(db, file, photo_id, now_s)
    return None if known and known["state"] != State.GONE else read(db, photo_id)


def _insert(db: sqlite3.Connection, key: tuple[bytes, bytes, int, int, int], now_s: float) -> int:
    inserted = db.execute(
        "INSERT INTO photo (folder, path, inode, size_bytes, mtime_ns, device, first_seen_s, state,"
        " due_s, changed_s) VALUES (?, ?, ?, ?, ?, 0, ?, 'waiting', ?, ?)",
        (*key, now_s, now_s, now_s),
    )
    assert inserted.lastrowid is not None
    return inserted.lastrowid


def _revive(db: sqlite3.Connection, photo_id: int, now_s: float) -> None:
    """A version came back: moved out and in again, or its disk was away. Its attempts stay."""
    db.execute(
        "UPDATE photo SET state = 'waiting', due_s = ?, changed_s = ?, first_seen_s = ?,"
        " watched_s = 0 WHERE id = ?",
        (now_s, now_s, now_s, photo_id),
    )


def _supersede_others(
    db: sqlite3.Connection, file: tuple[bytes, bytes], photo_id: int, now_s: float
) -> None:
    """Older versions that have not been begun are gone; those at work are, once they fail."""
    others = db.execute(
        "SELECT id, state FROM photo WHERE folder = ? AND path = ? AND id != ?"
        " AND state IN ('waiting', 'retrying', 'working', 'publishing') AND redo IS NULL",
        (*file, photo_id),
    ).fetchall()
    for other in others:
        if other["state"] in {State.WAITING, State.RETRYING}:
            forget_names(db, other["id"])
            move(db, other["id"], State.GONE, now_s)
        else:
            db.execute("UPDATE photo SET superseded = 1 WHERE id = ?", (other["id"],))


def due(db: sqlite3.Connection, now_s: float, without: Collection[str]) -> int | None:
    """The id of the photo that has been due longest."""
    marks = ", ".join("?" * len(without))
    # Left to itself SQLite prefers the index by state, and sorts all that wait for each claim.
    query = (
        "SELECT id FROM photo INDEXED BY photo_by_due"  # noqa: S608 - only question marks are filled in
        f" WHERE state IN ('waiting', 'retrying') AND folder NOT IN ({marks})"
    )
    folders = tuple(map(os.fsencode, without))
    first = db.execute(
        f"{query} AND due_s <= ? ORDER BY due_s, id LIMIT 1",
        (*folders, now_s),
    ).fetchone()
    if first is None:
        first = db.execute(
            f"{query} AND due_s > ? ORDER BY due_s, id LIMIT 1",
            (*folders, now_s + LONGEST_WAIT_S),
        ).fetchone()
    return first and int(first["id"])


def release(
    db: sqlite3.Connection, photo_id: int, due_s: float, reason: str | None, *, now_s: float
) -> State:
    """Back into the queue; but gone, if a newer version was noticed meanwhile."""
    drop_plan(db, photo_id)
    row = db.execute("SELECT superseded FROM photo WHERE id = ?", (photo_id,)).fetchone()
    if row and row["superseded"]:
        forget_names(db, photo_id)
        move(db, photo_id, State.GONE, now_s)
        return State.GONE
    move(db, photo_id, State.RETRYING, now_s)
    db.execute(
        "UPDATE photo SET due_s = ?, reason = coalesce(?, reason) WHERE id = ?",
        (min(due_s, now_s + LONGEST_WAIT_S), reason, photo_id),
    )
    return State.RETRYING


def reserve(db: sqlite3.Connection, photo_id: int, results: bytes, wanted: Sequence[bytes]) -> None:
    """Reserve names, in place of those the photo had.

    Raises:
        NameTaken: another photo has one of them.
    """
    forget_names(db, photo_id)
    for position, name in enumerate(wanted):
        try:
            db.execute("INSERT INTO name VALUES (?, ?, ?, ?)", (results, name, photo_id, position))
        except sqlite3.IntegrityError as error:
            raise NameTaken(name) from error


def forget_names(db: sqlite3.Connection, photo_id: int) -> None:
    """Others may have the names."""
    db.execute("DELETE FROM name WHERE photo = ?", (photo_id,))


def write_plan(db: sqlite3.Connection, photo_id: int, moves: Sequence[Move]) -> None:
    """Write down what is about to be published, in place of any older plan.

    Names that differ from those reserved take their places, unless another photo has reserved one:
    that is found out when it is published.
    """
    drop_plan(db, photo_id)
    db.executemany(
        "UPDATE OR IGNORE name SET name = ? WHERE photo = ? AND position = ? AND name != ?",
        [(m.final, photo_id, position, m.final) for position, m in enumerate(moves)],
    )
    db.executemany(
        "INSERT INTO move VALUES (?, ?, ?, ?, ?, ?)",
        [
            (photo_id, position, m.staged, m.final, m.size_bytes, m.sha256)
            for position, m in enumerate(moves)
        ],
    )


def drop_plan(db: sqlite3.Connection, photo_id: int) -> None:
    """The plan was carried out, or will not be."""
    db.execute("DELETE FROM move WHERE photo = ?", (photo_id,))


def publishing(db: sqlite3.Connection, row: sqlite3.Row) -> Planned:
    """What is being published, from the photo's row."""
    photo = rows.photo(row, names(db, row["id"]))
    query = "SELECT * FROM move WHERE photo = ? ORDER BY position"
    moves = tuple(
        Move(m["staged"], m["final"], m["size_bytes"], m["sha256"])
        for m in db.execute(query, (photo.id,))
    )
    where = db.execute("SELECT results FROM name WHERE photo = ?", (photo.id,)).fetchone()
    return Planned(photo, Plan(where["results"], moves), rows.load(row["filed"], photo.names))
