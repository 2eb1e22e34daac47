"""What is asked of the ledger from beside the work: to try again, to forget, to tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from daemon.ledger import decisions, notices, redo, retention
from daemon.ledger.decisions import Verdict
from daemon.ledger.notices import Kind
from daemon.ledger.records import Records
from daemon.photo import Redo


class Requests(Records):
    """Changes that are no step of a photo at work."""

    def tell(self, kind: Kind, told: Mapping[str, Any], *, now_s: float) -> None:
        """Note something for others that is no photo's state."""
        with self._write() as db:
            notices.write(db, kind, told, now_s=now_s)

    def forget(self, photo_ids: Collection[int], *, before_s: float, limit: int) -> int:
        """Forget photos, and what was told before a time, all in one transaction.

        Returns:
            How many notices were forgotten, of so many at most.
        """
        with self._write() as db:
            retention.forget(db, photo_ids)
            return retention.forget_notices(db, before_s, limit=limit)

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

    def redo(self, photo_id: int, wanted: Redo, *, now_s: float, who: str = "matted redo") -> None:
        """Work a filed photo through again; may be called from another process than the daemon's.

        Raises:
            LedgerTrouble: it is not filed, or its original is just being moved.
        """
        with self._write() as db:
            redo.begin(db, photo_id, wanted, now_s=now_s)
            decisions.note(db, photo_id, Verdict.REDONE, who, now_s=now_s)

    def decide(self, photo_id: int, verdict: Verdict, who: str, *, now_s: float) -> None:
        """Approve or reject a filed photo; may be called from another process than the daemon's.

        Raises:
            LedgerTrouble: it is not filed.
        """
        with self._write() as db:
            decisions.decide(db, photo_id, verdict, who, now_s=now_s)

    def undo(self, photo_id: int, who: str, *, now_s: float) -> None:
        """Take the last decision about a photo back, the one to redo it included.

        May be called from another process than the daemon's.

        Raises:
            LedgerTrouble: there is none, or it cannot be undone at present.
        """
        with self._write() as db:
            decisions.undo(db, photo_id, who, now_s=now_s)
