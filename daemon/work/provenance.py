"""What results tell of where they came from: the photo's own metadata, and what made them."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version

from daemon.imaging.carrying import carried
from daemon.photo import show
from daemon.raster import Cutout
from daemon.work.job import Job


@lru_cache(maxsize=1)
def program() -> str:
    """This program, with its version."""
    return f"matted {version('matted')}"


def attributed(cutout: Cutout, job: Job, sha256: str) -> Cutout:
    """The cut-out with as much metadata as its profile wants, and with what is known of its origin.

    Args:
        cutout: with all that the photo tells of itself.
        job: its profile says how much of that is carried.
        sha256: of the photo's content.
    """
    software = f"{program()}, engine {cutout.matte.engine}"
    metadata = carried(cutout.raster.metadata, job.profile.metadata, software)
    origin = replace(
        cutout.origin,
        name=show(os.path.basename(job.photo.path)),
        sha256=sha256,
        software=program(),
    )
    return replace(cutout, raster=replace(cutout.raster, metadata=metadata), origin=origin)
