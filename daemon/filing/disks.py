"""Whether the disks that photos need are there, and have room."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import MattedError, NameTrouble, ResultsTrouble, RootTrouble
from daemon.filing.destinations import Destination
from daemon.photo import Photo
from daemon.shelf import below, durable, rehearsal, room, staging
from daemon.shelf.room import demand_for_copy

_CLEAR = (0, errno.ENOSPC, errno.EDQUOT, errno.ENODEV)
"""A full disk takes small files, and so tells nothing; 0 has to do with no disk of ours."""


@dataclass(frozen=True, slots=True)
class Disks:
    """The disks, and what is demanded of them."""

    snapshots: Path
    """A directory for private copies of photos."""
    min_free_bytes: int
    """Room that must be left on every disk."""
    absent: Callable[[str], str | None]
    """Why a folder is not itself at the moment; None if it is."""

    def demand(self, destination: Destination) -> None:
        """Make sure that results can go where they should, before a photo is begun.

        Raises:
            ResultsTrouble: a disk is away or full.
        """
        for path in filter(None, (destination.results, destination.archive)):
            staging.establish(path, self.absent)
            room.demand_room(path, self.min_free_bytes)
        room.demand_room(self.snapshots, self.min_free_bytes)

    def demand_for_copy(self, photo: Photo, at_work: Iterable[Photo]) -> None:
        """Make sure that the private copy of a photo fits beside those of the photos at work.

        Raises:
            NoRoom: it does not at the moment; the photo has to wait, alone.
            Refused: nor will it ever.
            ResultsTrouble: nothing does, or nobody can tell.
        """
        demand_for_copy(
            self.snapshots,
            photo.version.size_bytes,
            spare_bytes=self.min_free_bytes,
            taken_bytes=sum(other.version.size_bytes for other in at_work),
        )

    def try_out(self, destinations: Iterable[Destination]) -> None:
        """Make sure of all that, and that files can be published, by publishing some.

        Raises:
            ResultsTrouble: not everywhere.
        """
        what = f"{self.snapshots} cannot be written"
        with durable.results_trouble(what), below.opened(self.snapshots) as at:
            probe = below.Spot(at, b"probe")
            durable.write_new(probe, b"matted")
            durable.unlink(probe)
        for destination in destinations:
            self.demand(destination)
            rehearsal.check(destination.results)

    def judge(self, error: MattedError, destination: Destination) -> MattedError:
        """Whether it is the disk that fails, if something did that has to do with it.

        Returns:
            What ails the disk, for everything to pause; ``NameTrouble`` if it takes whatever is
            tried; the error itself, if it says enough.
        """
        if not isinstance(error, ResultsTrouble) or error.errno in _CLEAR:
            return error
        try:
            self.try_out([destination])
        except ResultsTrouble as trouble:
            return trouble
        return error if isinstance(error, RootTrouble) else NameTrouble(error.reason, error.errno)
