"""Each pause is told once when it begins, and once when it ends."""

from __future__ import annotations

from pathlib import Path

from daemon.ledger import Ledger
from daemon.ledger.notices import Notices
from daemon.service.pauses import Pauses


def test_what_changes_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger, Notices(path, None) as notices:
        pauses = Pauses(ledger)
        states: tuple[dict[str | None, str], ...] = (
            {},
            {"/scans": "away"},
            {"/scans": "away", None: "the disk is full"},
            {None: "the disk is full"},
            {None: "the disk is full"},
            {},
        )
        for paused in states:
            pauses.turned(paused, now_s=1000.0)
        told = [(str(one.kind), one.document["folder"]) for one in notices.next()]
    assert told == [
        ("paused", "/scans"),
        ("paused", None),
        ("resumed", "/scans"),
        ("resumed", None),
    ]
