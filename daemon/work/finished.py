"""How whatever was to be done to a photo ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from daemon.errors import MattedError
from daemon.photo import Photo


class Errand(Protocol):
    """Whatever a photo process is to do; it travels there."""

    @property
    def photo(self) -> Photo:
        """Of which photo it is."""


E = TypeVar("E", bound=Errand)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Finished(Generic[E, R]):
    """One job's end."""

    job: E
    outcome: R | MattedError
