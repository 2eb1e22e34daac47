"""What is told of the machines that work on photos; by itself, as `matted status` starts fast."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerNews:
    """A machine that works on photos, for people."""

    name: str
    address: str
    slots: int
    """How many photos it works on at once."""
    at_work: int
    photos: tuple[int, ...] = ()
    """These, by their ids."""
    engine: str = ""
    device: str = ""
    done: int = 0
    """Attempts that it has ended since it joined, whatever came of them."""
    per_minute: float = 0.0
    """Of the last minutes."""
    trouble: str | None = None
    """Why it gets no photo at present; None: it does."""
