"""One photo's way from watched file to staged results. Runs in a photo process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.config.profiles import Profile
from daemon.errors import MattedError, Refused, ResultsTrouble
from daemon.filed import WHOLE, Filed, Part
from daemon.outputs import OUTPUTS
from daemon.outputs.output import extension_of
from daemon.plan import staged_name
from daemon.raster import Cutout, Raster
from daemon.shelf.room import demand_for_outputs
from daemon.shelf.staging import entered, seal
from daemon.work import parts, trimap_file
from daemon.work.cutting_out import NO_TRIMAP, cut_out
from daemon.work.job import Job, Outcome, Staged, Unchanged
from daemon.work.provenance import attributed
from daemon.work.refining import Refined
from daemon.work.snapshot import copy_in
from daemon.work.stages import Stages

_AT_ONCE, _AT_ONCE_BYTES = 2, 1 << 27
"""Outputs that are written at a time, and up to which size of the photo's pixels: what each of them
makes of a large one is to fit into what a photo process is reckoned to need (daemon/machine)."""


def work(job: Job) -> Outcome:
    """Make all results of one photo in its staging directory.

    Raises:
        daemon.errors.MattedError: and what to do about it is for ``policy`` to say.
    """
    stages = Stages()
    try:
        with stages("read"):
            sha256 = copy_in(job.source, job.snapshot, job.version or job.photo.version)
        if sha256 in job.known:
            return Unchanged(sha256)
        if job.photo.redo is not None and sha256 != job.photo.redo.sha256:
            raise Refused("its original is not what was filed; another file lies in its place")
        files, filed = _all_parts(job, sha256, stages)
    finally:
        parts.remove(job)
    with stages("sync"):
        plan = seal(job.results, files, job.photo.names)
    return Staged(plan, replace(filed, took_s=stages.took_s))


def _all_parts(job: Job, sha256: str, stages: Stages) -> tuple[tuple[bytes, ...], Filed]:
    """Make the results of each photo in the file, one after the other."""
    files, made, which = list[bytes](), list[Filed](), list[Part]()
    for one in stages.each("decode", parts.found(job)):
        own = NO_TRIMAP
        if one.part == WHOLE:
            with stages("decode"):
                own = trimap_file.read(job.source, job.snapshot, one.raster.size)
        most_bytes = _most_bytes(one.raster, job.profile)
        demand_for_outputs(job.results, most_bytes, spare_bytes=job.min_free_bytes)
        cutout, edge = cut_out(one.raster, job, stages, own)
        cutout = attributed(cutout, job, sha256)
        with stages("encode"):
            files += _write_staged(cutout, job, first=len(files))
        filed = _filed(job, cutout, sha256, stages, edge)
        made.append(replace(filed, flags=one.flags + filed.flags))
        which.append(one.part)
    return tuple(files), parts.together(made, which)


def _most_bytes(raster: Raster, profile: Profile) -> int:
    """About the most that the outputs can take: all their planes, as good as uncompressed."""
    width, height = raster.size
    planes = sum(OUTPUTS[each.name].planes(each.options) for each in profile.outputs)
    return width * height * planes * raster.pixels.itemsize


def _write_staged(cutout: Cutout, job: Job, *, first: int = 0) -> tuple[bytes, ...]:
    """Write every output into the job's staging directory, wherever its path leads by now."""
    with entered(job.results, job.staging) as stage:
        try:
            threads = cv2.getNumThreads()
            staging = os.fsencode(stage)
            files = write_outputs(cutout, job.profile, staging, first=first, threads=threads)
        except ResultsTrouble as error:
            reason = error.reason.replace(str(stage), os.fsdecode(job.staging))
            raise ResultsTrouble(reason, error.errno) from error
    return tuple(os.path.join(job.staging, os.path.basename(path)) for path in files)


def write_outputs(
    cutout: Cutout, profile: Profile, staging: bytes, *, first: int = 0, threads: int = 1
) -> tuple[bytes, ...]:
    """Write every output of the profile into the staging directory, numbered from ``first``.

    Two at a time, where there are threads for it: compressing a file keeps one core busy.
    """
    files, writes = list[bytes](), list[Callable[[], None]]()
    for number, output in enumerate(profile.outputs, first):
        module = OUTPUTS[output.name]
        # Staged under a plain name: the name the user gets is the shelf's affair.
        usual = module.extension(output.options)
        actual = extension_of(module, cutout, output.options)
        path = Path(os.fsdecode(staging)) / staged_name(number, usual, actual)
        writes.append(partial(module.write, cutout, output.options, path))
        files.append(os.fsencode(path))
    if threads == 1 or cutout.raster.pixels.nbytes > _AT_ONCE_BYTES:
        for write in writes:
            write()
    else:
        _write_at_once(writes)
    return tuple(files)


def _write_at_once(writes: Iterable[Callable[[], None]]) -> None:
    """Write all, and raise what went wrong, if something did.

    A known error first: libvips tells all threads of what one of them fails with.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        written = [pool.submit(write) for write in writes]
    errors = [error for one in written if (error := one.exception())]
    for error in sorted(errors, key=lambda error: not isinstance(error, MattedError))[:1]:
        raise error


def _filed(job: Job, cutout: Cutout, sha256: str, stages: Stages, edge: Refined) -> Filed:
    return Filed(
        names=job.photo.names,
        size=cutout.raster.size,
        engine=cutout.matte.engine,
        device=cutout.matte.device,
        people=cutout.matte.people,
        sha256=sha256,
        took_s=stages.took_s,
        refiner=edge.refiner,
        tiles=edge.tiles,
        warnings=cutout.raster.warnings + edge.warnings,
        covered=_covered(cutout.matte.alpha),
        flags=cutout.matte.flags,
        holds_photo=job.profile.holds_photo and not cutout.raster.remade,
    )


def _covered(alpha: NDArray[np.uint16]) -> float:
    """Rounded to six places, but never to nothing."""
    share = np.count_nonzero(alpha >= 32768) / alpha.size
    return max(round(share, 6), 1e-6) if share else 0.0
