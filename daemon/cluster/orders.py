"""What a worker is told to do: a job, and by what it knows the job's files again.

Pickled, since it goes from the daemon to a worker, which does what its daemon says anyway. What
comes back is another matter: ``answers``.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace

from daemon.config.profiles import Profile
from daemon.work.beside import trimap_beside
from daemon.work.job import Job

_ENDS_BYTES = 64 << 10
_COARSE_NS = 2_000_000_000
"""FAT's times, the coarsest there are; many shares round to 100 ns or 1 s."""


@dataclass(frozen=True, slots=True)
class Ends:
    """By what a file is known again on another machine, where inodes and mounts are others."""

    size_bytes: int
    mtime_ns: int
    sha256: str
    """Of its first and its last 64 KiB."""

    @classmethod
    def of(cls, path: bytes) -> Ends:
        """Of a file as it is now.

        Raises:
            OSError: it cannot be read, or is no regular file.
        """
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(f"{os.fsdecode(path)} is no regular file")
            digest = hashlib.sha256(os.pread(handle, _ENDS_BYTES, 0))
            digest.update(os.pread(handle, _ENDS_BYTES, max(0, found.st_size - _ENDS_BYTES)))
        finally:
            os.close(handle)
        return cls(found.st_size, found.st_mtime_ns, digest.hexdigest())

    def is_of(self, path: bytes) -> bool:
        """Whether that file is the same, as far as can be told without reading it all."""
        try:
            found = Ends.of(path)
        except OSError:
            return False
        near = abs(found.mtime_ns - self.mtime_ns) <= _COARSE_NS
        return near and (found.size_bytes, found.sha256) == (self.size_bytes, self.sha256)


@dataclass(frozen=True, slots=True)
class Luggage:
    """A file that the job needs, beside the photo itself or that itself."""

    path: bytes
    """Absolute, on the daemon's machine."""
    ends: Ends


@dataclass(frozen=True, slots=True)
class Order:
    """A job for another machine."""

    job: Job
    luggage: tuple[Luggage, ...]
    """The photo first; then its trimap, results that are mended, pictures to stand before."""

    def dumped(self) -> bytes:
        """As it travels."""
        return pickle.dumps(self)

    @classmethod
    def loaded(cls, data: bytes) -> Order:
        """The inverse; on a worker alone, from the daemon whose certificate let it in."""
        found = pickle.loads(data)  # noqa: S301 - see the module
        if not isinstance(found, cls):
            raise TypeError("no order")
        return found


def order(job: Job) -> Order:
    """The order for a job.

    Raises:
        OSError: the photo cannot be read; others are left out then, as they are where it is local.
    """
    source = Luggage(job.source, Ends.of(job.source))
    return Order(job, (source, *_others(job)))


def _others(job: Job) -> Iterator[Luggage]:
    touchup = job.photo.redo and job.photo.redo.touchup
    results = map(os.fsencode, touchup.results if touchup else ())
    for path in (trimap_beside(job.source), *results, *pictures(job.profile)):
        try:
            yield Luggage(path, Ends.of(path))
        except OSError:
            continue


def pictures(profile: Profile) -> tuple[bytes, ...]:
    """Files that the outputs of a profile read: backgrounds."""
    given = (getattr(one.options, "background", None) for one in profile.outputs)
    return tuple(os.fsencode(one) for one in given if isinstance(one, str) and one[:1] == "/")


def moved(job: Job, where: dict[bytes, bytes]) -> Job:
    """The same job with its files where they are on this machine.

    Args:
        job: as the daemon has it.
        where: for each file of the daemon's machine, its path on this one.
    """
    photo, profile = job.photo, job.profile
    if photo.redo and photo.redo.touchup:
        results = tuple(
            os.fsdecode(where[path])
            for path in map(os.fsencode, photo.redo.touchup.results)
            if path in where
        )
        touchup = replace(photo.redo.touchup, results=results)
        photo = replace(photo, redo=replace(photo.redo, touchup=touchup))
    if pictures(profile):
        profile = _before(profile, where)
    return replace(job, photo=photo, profile=profile, source=where[job.source])


def _before(profile: Profile, where: dict[bytes, bytes]) -> Profile:
    outputs = []
    for one in profile.outputs:
        path = os.fsencode(str(getattr(one.options, "background", "")))
        if path in where:
            options = one.options.model_copy(update={"background": os.fsdecode(where[path])})
            one = one.model_copy(update={one.name: options})  # noqa: PLW2901 - the same, elsewhere
        outputs.append(one)
    return profile.model_copy(update={"outputs": tuple(outputs)})
