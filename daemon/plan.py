"""What is about to be published: written ahead, so that a crash can be taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


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

    def renamed(self, names: Sequence[bytes]) -> Plan:
        """The same files under other names, in the same order; for after ``NameTaken``."""
        pairs = zip(self.moves, names, strict=True)
        return replace(self, moves=tuple(replace(move, final=name) for move, name in pairs))
