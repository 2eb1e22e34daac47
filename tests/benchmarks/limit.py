"""The whole pipeline over its limit: decoding, the network and encoding alone, in the same run.

The limit is one after the other, and one file after the other; the pipeline writes two files at a
time, as it does in a photo process. Default engine and profile, all three outputs, warm, both in
turns in a process that has all cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
from rich.table import Table

from daemon.config.profiles import BUILT_IN
from daemon.imaging.colour import to_srgb8
from daemon.imaging.decode import decode
from daemon.photo import Photo, Version
from daemon.raster import Cutout
from daemon.steps.view import View
from daemon.work.cutting_out import cut_out
from daemon.work.finder import finder
from daemon.work.job import EngineAddress, Job
from daemon.work.pipeline import write_outputs
from daemon.work.stages import Stages
from matting import kernels
from matting.models.catalog import PEOPLE
from matting.models.stores import Stores
from matting.process.host import EngineSpec
from matting.process.temporary import hosted
from tests.benchmarks.effort import Effort
from tests.benchmarks.processes import family_cpu_s

_PROFILE = BUILT_IN["old-photo"]
_MOST_PIXELS = 200_000_000


@dataclass(frozen=True, slots=True)
class Took:
    """One photo."""

    wall_s: float
    cpu_s: float
    """Of this process and the engine's."""


@dataclass(frozen=True, slots=True)
class Size:
    """Photos of one size, in turns."""

    megapixels: float
    limit: tuple[Took, ...]
    whole: tuple[Took, ...]

    def ratio(self, field: str) -> float:
        """The median of whole over limit, turn by turn."""
        turns = zip(self.whole, self.limit, strict=True)
        return median(getattr(one, field) / getattr(other, field) for one, other in turns)


@dataclass(frozen=True, slots=True)
class Limit:
    """All sizes."""

    sizes: tuple[Size, ...]


def measure(effort: Effort, photos: Mapping[float, Path], root: Path) -> Limit:
    """The limit and the whole in turns, after one of each that is not counted."""
    kernels.load()
    out = root / "limit"
    out.mkdir()
    with _engine() as address:
        return Limit(
            tuple(_size(size, photos[size], address, out, effort) for size in effort.megapixels)
        )


@contextmanager
def _engine() -> Iterator[EngineAddress]:
    model = Stores.of_user().find(PEOPLE)
    assert model is not None, "make people"
    spec = EngineSpec("people", model.options("cpu"))
    with hosted(spec) as host:
        yield EngineAddress(
            spec.name, host.socket_path, 60, 60, 60, people=model.path, finds=PEOPLE
        )


def _size(
    megapixels: float, photo: Path, address: EngineAddress, out: Path, effort: Effort
) -> Size:
    job = _job(photo, address, out)
    cutout = _whole(photo, job, out)
    limits, wholes = [], []
    _limit(photo, cutout, address, out)
    for _ in range(effort.rounds):
        limits.append(_took(lambda: _limit(photo, cutout, address, out)))
        wholes.append(_took(lambda: _whole(photo, job, out)))
    return Size(megapixels, tuple(limits), tuple(wholes))


def _limit(photo: Path, cutout: Cutout, address: EngineAddress, out: Path) -> None:
    raster = decode(photo, max_pixels=_MOST_PIXELS)
    search, _ = finder(_PROFILE, address.people)
    assert search is not None
    search(View.of(to_srgb8(raster), _PROFILE.matting.long_side).pixels)
    write_outputs(cutout, _PROFILE, os.fsencode(out))


def _whole(photo: Path, job: Job, out: Path) -> Cutout:
    cutout, _ = cut_out(decode(photo, max_pixels=_MOST_PIXELS), job, Stages())
    write_outputs(cutout, _PROFILE, os.fsencode(out), threads=cv2.getNumThreads())
    return cutout


def _took(work: Callable[[], object]) -> Took:
    before_s, began_s = family_cpu_s(os.getpid()), time.monotonic()
    work()
    wall_s = time.monotonic() - began_s
    return Took(wall_s, family_cpu_s(os.getpid()) - before_s)


def _job(photo: Path, address: EngineAddress, out: Path) -> Job:
    version = Version.of(photo.stat())
    return Job(
        photo=Photo(1, str(photo.parent), os.fsencode(photo.name), version, 1, 0.0),
        source=os.fsencode(photo),
        results=out,
        staging=os.fsencode(out),
        snapshot=os.fsencode(photo),
        profile=_PROFILE,
        engine=address,
        max_pixels=_MOST_PIXELS,
    )


def table(figures: Limit) -> Table:
    """One row per size."""
    shown = Table(title="The whole pipeline over decode + network + encode (medians, seconds)")
    headings = ("MP", "limit, clock", "whole, clock", "ratio", "limit, cpu", "whole, cpu", "ratio")
    for heading in headings:
        shown.add_column(heading, justify="right")
    for size in figures.sizes:
        cells = [f"{size.megapixels:g}"]
        for field in ("wall_s", "cpu_s"):
            both = (
                median(getattr(one, field) for one in taken) for taken in (size.limit, size.whole)
            )
            cells += [*(f"{seconds:.2f}" for seconds in both), f"{size.ratio(field):.2f}"]
        shown.add_row(*cells)
    return shown
