"""Of what and whom a photo's results are asked for: its file, the engine, the refiner."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from daemon.errors import NoEngine, NotReady, Refused
from daemon.filing.destinations import Destination, Destinations
from daemon.filing.engine_access import EngineAccess
from daemon.photo import Photo, Redo, Version, show
from daemon.work.job import EngineAddress


@dataclass(frozen=True, slots=True)
class Asked:
    """What a photo process reads and asks."""

    source: bytes
    """Absolute path of the file."""
    version: Version
    """That the file has to be of."""
    engine: EngineAddress
    refiner: EngineAddress | None


class Asking:
    """Knows what is special about photos that are redone."""

    def __init__(self, engine: EngineAccess, destinations: Destinations) -> None:
        self._engine = engine
        self._destinations = destinations

    def asked(
        self, photo: Photo, destination: Destination, refiners: Mapping[str, EngineAddress]
    ) -> Asked:
        """What to read and whom to ask.

        Args:
            photo: the photo.
            destination: where it goes.
            refiners: that are running.

        Raises:
            Interrupted: the engine that it is to be redone with is starting.
            Refused: it cannot be redone as it is wanted; the reason why.
            NotReady: the original of one that is redone is not where it was; as it may be on a
                share that is away, it is waited for, as for the rest of a photo.
        """
        name = destination.profile.matting.refiner
        if photo.redo is None:
            source = os.path.join(os.fsencode(photo.folder), photo.path)
            return Asked(source, photo.version, self._engine.address(), refiners.get(name))
        self._demand_profile(photo.redo)
        try:
            refiner = {**refiners, **self._engine.refiners({name})}.get(name)
        except NoEngine as error:
            raise Refused(str(error)) from error
        return Asked(photo.redo.source, _version(photo.redo), self._for(photo.redo), refiner)

    def _demand_profile(self, redo: Redo) -> None:
        if redo.profile is not None and not self._destinations.has_profile(redo.profile):
            raise Refused(f"the settings have no profile {redo.profile} any more")

    def _for(self, redo: Redo) -> EngineAddress:
        if redo.engine is None or redo.engine == self._engine.address().name:
            return self._engine.address()
        if self._engine.other is None:
            raise Refused(f"the engine {redo.engine} does not run here")
        return self._engine.other(redo.engine)


def _version(redo: Redo) -> Version:
    """Of the file as it is now: in an archive it may have another inode."""
    try:
        return Version.of(os.lstat(redo.source))
    except OSError as error:
        # No scan tells that it is gone, as one does of what lies in a watched folder.
        told = f"its original {show(redo.source)} cannot be read: {error.strerror}"
        raise NotReady(told) from error
