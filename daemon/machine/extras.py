"""Packages that need not be installed, and what to type where one is missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daemon.errors import MattedError


@contextmanager
def needed(extra: str, what: str) -> Iterator[None]:
    """For imports of what an extra of ours brings.

    Args:
        extra: its name, as pip has it.
        what: what cannot do without; the beginning of a sentence.

    Raises:
        MattedError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        told = f"{what} needs the package {error.name}: pip install 'matted[{extra}]'"
        raise MattedError(told) from error
