"""Who has photos worked on: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from daemon.executors import dask, local
from daemon.executors.contract import Executor, Given


class Kind(Protocol):
    """What each of the files has."""

    __doc__: str | None

    @property
    def ELSEWHERE(self) -> bool:  # noqa: N802 - a constant of a module
        """See ``Executor.elsewhere``: known before one is made."""
        ...

    def opened(self, given: Given) -> Executor:
        """Make one; nothing is started before ``begin``."""
        ...


EXECUTORS: Mapping[str, Kind] = {"local": local, "dask": dask}
