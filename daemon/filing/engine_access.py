"""What filing has to know of the engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from daemon.work.job import EngineAddress


@dataclass(frozen=True, slots=True)
class EngineAccess:
    """What filing asks of the engine, each as a function, so that no engine is needed to test."""

    address: Callable[[], EngineAddress]
    ready: Callable[[], bool]
    blames: Callable[[int, str], bool]
    """Whether the engine process of that id ended while this photo, by its id, was at work."""
    last_words: Callable[[], list[str]]
    refiners: Callable[[Collection[str]], Mapping[str, EngineAddress]] = lambda _: {}
    """Has these refiners running, by their names in profiles, and says where."""
    other: Callable[[str], EngineAddress] | None = None
    """Where another engine listens, by its name: for photos that are redone with it."""
    tidy: Callable[[], None] = lambda: None
    """Ends other engines that nobody needs any more."""
