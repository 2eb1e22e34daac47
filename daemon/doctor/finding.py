"""What was looked at, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Works, but worth knowing."""
    BAD = "bad"
    """Photos will wait or fail until it is mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    verdict: Severity
    told: str
    """What was found; for anything but OK, what to do."""
