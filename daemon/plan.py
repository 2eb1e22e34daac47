"""What is about to be published: written ahead, so that a crash can be taken up again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_OF_ANOTHER_KIND = re.compile(rb"(?:.*/)?\d+(\.\w+)(\.\w+)", re.DOTALL)


def staged_name(number: int, usual: str, actual: str) -> str:
    """What an output's file is called in staging.

    Args:
        number: of the output in its profile.
        usual: the extension in its reserved name, decided before the photo was looked at.
        actual: the extension that the file has to have.
    """
    return f"{number}{usual}" if actual == usual else f"{number}{usual}{actual}"


def fitting(name: bytes, staged: bytes) -> bytes:
    """The name for a staged file; if that is of another kind than usual, with its extension."""
    kinds = _OF_ANOTHER_KIND.fullmatch(staged)
    if kinds is None or not name.endswith(kinds[1]):
        return name
    return name.removesuffix(kinds[1]) + kinds[2]


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

    @property
    def is_named(self) -> bool:
        """Whether it says where its files go; how many there would be may not have been known."""
        return all(move.final != move.staged for move in self.moves)

    def renamed(self, names: Sequence[bytes]) -> Plan:
        """The same files under other names, in the same order; for after ``NameTaken``."""
        pairs = zip(self.moves, names, strict=True)
        moves = (replace(move, final=fitting(name, move.staged)) for move, name in pairs)
        return replace(self, moves=tuple(moves))
