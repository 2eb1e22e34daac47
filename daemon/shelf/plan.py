"""What is about to be published: written ahead, so that a crash can be taken up again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One staged file and the name it is to get; both relative to the result folder."""

    staged: bytes
    final: bytes
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One complete set of outputs."""

    results: bytes
    """Absolute path of the result folder."""
    moves: tuple[Move, ...]
