"""How the engine is, for those who only tell of it; and where others have it, and none is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class EngineStanding(Protocol):
    """What the main loop and ``status`` want to know of an engine."""

    @property
    def hello(self) -> Mapping[str, Any]:
        """What it said of itself; empty before it did."""
        ...

    @property
    def starts(self) -> int:
        """In this run of the daemon."""
        ...

    @property
    def state(self) -> str:
        """stopped, if nobody looks after it any more."""
        ...


@dataclass(frozen=True, slots=True)
class EngineElsewhere:
    """No engine: the machines that work on photos have their own."""

    hello: Mapping[str, Any] = field(default_factory=dict)
    starts: int = 0
    state: str = "elsewhere"
