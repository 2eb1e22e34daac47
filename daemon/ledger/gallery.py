"""What a page of filed photos asks of the ledger. Nothing here changes it."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from daemon.ledger import decisions, rows, transitions
from daemon.ledger.decisions import Decision
from daemon.ledger.records import Records
from daemon.ledger.rows import Entry, State

_TO_LOOK_AT = "state = 'filed' AND flagged > 0 AND decided IS NULL"
_FIRST = f"({_TO_LOOK_AT})"
_STATES = "state IN ('waiting', 'working', 'publishing', 'retrying', 'filed', 'failed')"
_OWN = f"{_STATES} AND (state != 'filed' OR filed IS NOT NULL)"
"""Without versions that had been filed before, under another date; said so that an index helps."""
_COUNTED = (
    f"(SELECT count(*) FROM photo INDEXED BY photo_by_state WHERE {_STATES} AND changed_s >= %s)"  # noqa: S608 - our own words
    " - (SELECT count(*) FROM photo INDEXED BY photo_unchanged"
    " WHERE state = 'filed' AND filed IS NULL AND changed_s >= %s)"
)
"""The same, counted by indices alone: pages ask for it whenever anything changes."""


class Choice(StrEnum):
    """Which photos are asked for."""

    LOOK = "look"
    """Flagged, and nobody has decided about them."""
    TODAY = "today"
    APPROVED = "approved"
    REJECTED = "rejected"
    FAILED = "failed"
    ALL = "all"


_WHERE = {
    Choice.LOOK: _TO_LOOK_AT,
    Choice.TODAY: f"changed_s >= :since_s AND {_OWN}",
    Choice.APPROVED: "state = 'filed' AND decided = 'approved'",
    Choice.REJECTED: "state = 'filed' AND decided = 'rejected'",
    Choice.FAILED: "state = 'failed'",
    Choice.ALL: _OWN,
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on: after this photo."""

    first: int
    """1 while those that are to be looked at are listed."""
    changed_s: float
    photo_id: int


_MIXED = (Choice.TODAY, Choice.ALL)
"""Choices of which some are to be looked at."""
_START = Cursor(2, 1e18, 0)


class Gallery(Records):
    """Photos as a page shows them: those to be looked at first, then the latest first."""

    def chosen(
        self, choice: Choice, *, since_s: float, after: Cursor | None = None, limit: int = 100
    ) -> tuple[tuple[Entry, ...], Cursor | None]:
        """So many photos, and where to go on; None at the end.

        Args:
            choice: which.
            since_s: when today began.
            after: where the last call ended.
            limit: at most so many.
        """
        at = after or _START
        key, after_key, order = "1", "(changed_s, id) < (:changed_s, :photo_id)", ""
        if choice in _MIXED:  # elsewhere all are alike in that, and an index has the order
            key, order = _FIRST, "first DESC,"
            after_key = f"({_FIRST}, changed_s, id) < (:first, :changed_s, :photo_id)"
        query = (
            f"SELECT *, {key} AS first FROM photo WHERE {_WHERE[choice]} AND {after_key}"  # noqa: S608 - our own words
            f" ORDER BY {order} changed_s DESC, id DESC LIMIT :limit"
        )
        known = {"since_s": since_s, "limit": limit}
        asked = {"first": at.first, "changed_s": at.changed_s, "photo_id": at.photo_id}
        with self._read() as db:
            found = db.execute(query, known | asked).fetchall()
            entries = tuple(rows.entry(row, transitions.names(db, row["id"])) for row in found)
        if len(found) < limit:
            return entries, None
        last = found[-1]
        return entries, Cursor(last["first"], last["changed_s"], last["id"])

    def numbers(self, *, since_s: float) -> dict[str, int]:
        """How many there are of each choice, and how many are open or at work."""
        counted = {str(choice): _WHERE[choice] for choice in Choice if choice not in _MIXED}
        counted |= {
            "waiting": "state IN ('waiting', 'retrying')",
            "working": "state IN ('working', 'publishing')",
        }
        columns = ", ".join(
            f'(SELECT count(*) FROM photo WHERE {where}) AS "{name}"'  # noqa: S608 - our own words
            for name, where in counted.items()
        )
        all_in_all = f"{_COUNTED % (0, 0)} AS 'all', {_COUNTED % (':since_s', ':since_s')} AS today"
        with self._read() as db:
            query = f"SELECT {columns}, {all_in_all}"
            return dict(db.execute(query, {"since_s": since_s}).fetchone())

    def results_of(self, photo_id: int) -> str | None:
        """The result folder that a photo's names are below; None if it has none."""
        with self._read() as db:
            query = "SELECT results FROM name WHERE photo = ? LIMIT 1"
            row = db.execute(query, (photo_id,)).fetchone()
            return row and os.fsdecode(row["results"])

    def identity(self) -> str:
        """What tells this ledger's photos from those of another with the same numbers."""
        with self._read() as db:
            return str(db.execute("SELECT id FROM identity").fetchone()[0])

    def decisions(self, photo_id: int) -> tuple[Decision, ...]:
        """All that was decided about a photo, the oldest first."""
        with self._read() as db:
            return decisions.of_photo(db, photo_id)

    def standing(self) -> tuple[int, int]:
        """What changes whenever anybody writes into the ledger, and the last decision's id."""
        with self._read() as db:
            version = int(db.execute("PRAGMA data_version").fetchone()[0])
            return version, decisions.last(db)

    def changed(self, since_s: float, decision_id: int) -> Collection[int]:
        """Photos that came to another state since a time, or were decided about after one."""
        with self._read() as db:
            marks = ", ".join("?" * len(State))
            query = f"SELECT id FROM photo WHERE state IN ({marks}) AND changed_s >= ?"  # noqa: S608 - question marks
            found = {row["id"] for row in db.execute(query, (*State, since_s))}
            return found | {one.photo for one in decisions.after(db, decision_id)}


def cursor_text(cursor: Cursor | None) -> str | None:
    """A cursor as one word."""
    return None if cursor is None else f"{cursor.first}~{cursor.changed_s!r}~{cursor.photo_id}"


def cursor_of(text: str) -> Cursor:
    """The inverse.

    Raises:
        ValueError: it is none.
    """
    first, changed_s, photo_id = text.split("~")
    return Cursor(int(first), float(changed_s), int(photo_id))
