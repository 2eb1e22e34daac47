"""Photos in a ledger, as far as tests want them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from daemon.filed import Filed
from daemon.ledger import Ledger, State
from daemon.photo import Photo, Sighting, Version
from daemon.plan import Move

RESULTS = Path("/results")
DAY = date(2026, 3, 1)
ONE = Version(device=1, inode=7, size_bytes=10, mtime_ns=5)
NEXT = replace(ONE, mtime_ns=6)
FACTS = Filed(
    names=(b"a_matte.png",),
    size=(640, 480),
    engine="people",
    device="cpu",
    people=2,
    sha256="ab" * 32,
    took_s={"matte": 1.5},
    warnings=("only page 1 of 3",),
)
MOVES = (Move(b".matted-staging/1-1/0.png", b"a_matte.png", 5, "cd" * 32),)


def seen(version: Version = ONE, path: bytes = b"a.jpg", folder: str = "/in") -> Sighting:
    return Sighting(folder, path, version, 0.0)


def noticed(ledger: Ledger, sighting: Sighting | None = None, now_s: float = 100.0) -> Photo:
    photo = ledger.notice(sighting or seen(), now_s)
    assert photo is not None
    return photo


def claimed(ledger: Ledger, now_s: float = 100.0) -> Photo:
    photo = ledger.claim(now_s)
    assert photo is not None
    return photo


def state(ledger: Ledger, photo: Photo) -> State:
    entry = ledger.entry(photo.id)
    assert entry is not None
    return entry.state


def publishing(ledger: Ledger) -> Photo:
    noticed(ledger)
    photo = claimed(ledger)
    photo = ledger.fix(photo.id, DAY, RESULTS, [b"a_matte.png"])
    ledger.plan(photo.id, MOVES, FACTS, now_s=101.0)
    return photo
