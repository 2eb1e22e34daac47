"""Looks at everything a photo will need, before a photo needs it."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.config.settings import Settings
from daemon.doctor import engines, folders, limits
from daemon.doctor.finding import Finding, Severity

__all__ = ["Finding", "Severity", "examine"]


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at folders, rights, limits, clocks and the engine, in that order.

    Leaves nothing behind; may be run beside a daemon.
    """
    yield from folders.writable("state_dir", settings.state_dir, make=True)
    for folder in settings.folders:
        yield from folders.watched(folder)
        yield from folders.results(folder)
        if folder.archive is not None:
            yield from folders.writable("archive", folder.archive, make=False)
    yield limits.watches(settings)
    yield limits.memory(settings)
    yield limits.gpu()
    yield from engines.engine(settings)
    yield from engines.finder(settings)
    yield from engines.faces()
    yield from engines.refiners(settings)
