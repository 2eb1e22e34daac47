"""Pauses as others are told of them: each once when it begins, and once when it ends."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.filing import documents
from daemon.ledger import Ledger
from daemon.ledger.notices import Kind


class Pauses:
    """Remembers what is paused, to tell what has changed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[str | None, str] = {}

    def turned(self, paused: Mapping[str | None, str], *, now_s: float) -> None:
        """Note what has changed.

        Args:
            paused: reasons by folder; by None for a pause of everything.
            now_s: the present.

        Raises:
            LedgerTrouble: it cannot be noted; it is in the next turn.
        """
        for folder in paused.keys() - self._known.keys():
            self._tell(Kind.PAUSED, folder, paused[folder], now_s)
            self._known[folder] = paused[folder]
        for folder in self._known.keys() - paused.keys():
            self._tell(Kind.RESUMED, folder, None, now_s)
            del self._known[folder]

    def _tell(self, kind: Kind, folder: str | None, reason: str | None, now_s: float) -> None:
        told = documents.paused(str(kind), folder=folder, reason=reason, now_s=now_s)
        self._ledger.tell(kind, told, now_s=now_s)
