"""Rows of the ledger as values, and back."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from daemon.errors import LedgerTrouble
from daemon.filed import Filed, Part
from daemon.photo import Photo, Redo, Touchup, Version
from daemon.plan import Plan
from matting.judgement.flag import Flag
from matting.picture.stroke import Stroke


class State(StrEnum):
    """How far a photo has come."""

    WAITING = "waiting"
    WORKING = "working"
    PUBLISHING = "publishing"
    """The plan is written; its files are being renamed."""
    RETRYING = "retrying"
    FILED = "filed"
    FAILED = "failed"
    """In quarantine."""
    GONE = "gone"
    """Deleted, or replaced by another version, before it was filed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """All that the ledger knows of a photo, for people and programs that ask."""

    photo: Photo
    state: State
    changed_s: float
    """When it came to this state; seconds since the epoch."""
    due_s: float
    """Not to be tried before; seconds since the epoch."""
    reason: str | None
    """Why it is retrying or failed."""
    sha256: str | None
    filed: Filed | None
    """None too for a photo whose content was filed before, under another version."""
    decided: str | None = None
    """What people decided about it: approved or rejected; None: nothing yet."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A photo whose publishing was begun."""

    photo: Photo
    plan: Plan
    filed: Filed


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the last run left undone."""

    working: tuple[Photo, ...]
    """Were at work when the program ended; their attempts are charged."""
    publishing: tuple[Planned, ...]
    """Publish these again: it takes up where it was."""


def signed(number: int) -> int:
    """An unsigned 64-bit number, as device and inode numbers are, as SQLite can store it."""
    return number - (1 << 64) if number >= 1 << 63 else number


def unsigned(number: int) -> int:
    """The inverse of ``signed``."""
    return number + (1 << 64) if number < 0 else number


_DAMAGE = (ValueError, KeyError, TypeError, AttributeError)
"""What values raise that no program has written."""


@contextmanager
def _sound(row: sqlite3.Row) -> Iterator[None]:
    """SQLite does not notice every bit that a disk turns; we do, where it matters."""
    try:
        yield
    except _DAMAGE as error:
        told = f"the ledger is damaged at photo {row['id']}: {error}"
        raise LedgerTrouble(told) from error


def photo(row: sqlite3.Row, names: tuple[bytes, ...]) -> Photo:
    """The photo of a row of the table ``photo``.

    Raises:
        LedgerTrouble: the row is damaged.
    """
    with _sound(row):
        return Photo(
            id=row["id"],
            folder=os.fsdecode(row["folder"]),
            path=row["path"],
            version=Version(
                unsigned(row["device"]), unsigned(row["inode"]), row["size_bytes"], row["mtime_ns"]
            ),
            attempts=row["attempts"],
            first_seen_s=row["first_seen_s"],
            filed_on=date.fromisoformat(row["filed_on"]) if row["filed_on"] else None,
            names=names,
            tries=row["tries"],
            watched_s=row["watched_s"],
            redo=_redo(row["redo"]),
        )


def _redo(text: str | None) -> Redo | None:
    if text is None:
        return None
    facts = json.loads(text)
    touchup = facts.get("touchup")
    values = {"source": os.fsencode(facts["source"]), "touchup": touchup and _touchup(touchup)}
    return Redo(**facts | values)


def _touchup(facts: dict[str, Any]) -> Touchup:
    strokes = (
        Stroke(one["mark"], one["width"], tuple((x, y) for x, y in one["points"]))
        for one in facts["strokes"]
    )
    return Touchup(tuple(facts["results"]), tuple(strokes))


def entry(row: sqlite3.Row, names: tuple[bytes, ...]) -> Entry:
    """All of a row of the table ``photo``.

    Raises:
        LedgerTrouble: the row is damaged.
    """
    with _sound(row):
        return Entry(
            photo=photo(row, names),
            state=State(row["state"]),
            changed_s=row["changed_s"],
            due_s=row["due_s"],
            reason=row["reason"],
            sha256=row["sha256"],
            filed=load(row["filed"], names) if row["filed"] else None,
            decided=row["decided"],
        )


def dump(filed: Filed) -> str:
    """The facts as JSON, without the names, which have a table of their own."""
    facts = asdict(filed)
    del facts["names"]
    for late in ("parts", "worker"):  # which an older program would not know
        if not facts[late]:
            del facts[late]
    return json.dumps(facts)


def load(text: str, names: tuple[bytes, ...]) -> Filed:
    """The inverse of ``dump``."""
    facts = json.loads(text)
    values = {
        "size": tuple(facts["size"]),
        "warnings": tuple(facts["warnings"]),
        "flags": tuple(_flag(each) for each in facts.get("flags", ())),
        "parts": tuple(_part(each) for each in facts.get("parts", ())),
    }
    return Filed(names=names, **facts | values)


def _part(facts: dict[str, Any]) -> Part:
    size = facts["size"]
    # Before 2026-11-27 the reasons alone were kept.
    flags = (Flag(one, 1.0, None) if isinstance(one, str) else _flag(one) for one in facts["flags"])
    return Part(facts["page"], facts["print"], size and tuple(size), tuple(flags))


def _flag(facts: dict[str, Any]) -> Flag:
    place = facts["place"]
    return Flag(facts["reason"], facts["value"], None if place is None else tuple(place))
