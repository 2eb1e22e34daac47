"""The photos in one file, one after the other: pages of a TIFF, prints on a scan."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from daemon.errors import NotAPhoto, NotReady, Refused, TooManyPixels
from daemon.filed import WHOLE, Filed, Part
from daemon.imaging import hollow
from daemon.imaging.decode import decode, places
from daemon.imaging.pages import Place
from daemon.raster import Raster
from daemon.work import turning
from daemon.work.beside import trimap_beside
from daemon.work.found import Found
from daemon.work.job import Job
from daemon.work.splitting import split

_MOST_PAGES = 500


def found(job: Job) -> Iterator[Found]:
    """The photos in the private copy of a file, which is gone once the last one is handed out.

    Raises:
        NotReady, NotAPhoto, TooManyPixels, SourceTrouble: as ``decode``.
    """
    snapshot = Path(os.fsdecode(job.snapshot))
    doubts = tuple(filter(None, (hollow.doubt(snapshot),)))
    if doubts and not job.waited:
        raise NotReady(*doubts)
    pages = _pages(snapshot, job)
    mended = job.photo.redo is not None and job.photo.redo.touchup is not None
    if len(pages) > 1 and mended:
        raise Refused("the results of a file that holds several photos cannot be mended by hand")
    for number, place in enumerate(pages, start=1):
        part = WHOLE if len(pages) == 1 else Part(page=number)
        raster = _decoded(snapshot, job, part, place)
        if number == len(pages):
            remove(job)
        whole = Found(part, replace(raster, warnings=(*raster.warnings, *doubts)))
        del raster  # a scan's prints need no second copy of it
        # Who mends a matte by hand has seen the photo whole, whatever the settings say by now.
        is_split = job.reading.split == "prints" and not mended
        photos = split(whole) if is_split else iter((whole,))
        del whole
        yield from (_turned(one, job) for one in photos)


def _turned(one: Found, job: Job) -> Found:
    """Upright, where that is wanted; never away from a trimap that somebody drew for it."""
    drawn = one.part == WHOLE and os.path.lexists(trimap_beside(job.source))
    if job.reading.turn == "none" or drawn:
        return one
    return turning.upright(one, job.engine.people)


def remove(job: Job) -> None:
    """Remove the private copy; if that fails, the daemon does when the photo is done."""
    with suppress(OSError):
        os.unlink(job.snapshot)


def _pages(snapshot: Path, job: Job) -> Sequence[Place | None]:
    if job.reading.pages == "first":
        return (None,)
    every = places(snapshot, last_look=job.waited)
    if len(every) > _MOST_PAGES:
        raise NotAPhoto(
            f"{len(every)} pages; at most {_MOST_PAGES} are filed as photos of their own"
        )
    return every if len(every) > 1 else (None,)


def _decoded(snapshot: Path, job: Job, part: Part, place: Place | None) -> Raster:
    try:
        return decode(snapshot, max_pixels=job.max_pixels, last_look=job.waited, place=place)
    except (NotReady, NotAPhoto, TooManyPixels) as error:
        if part is WHOLE:
            raise
        raise type(error)(f"{part.shown}: {error.reason}") from error


def together(made: Sequence[Filed], parts: Sequence[Part]) -> Filed:
    """What became of a file, from what became of the photos in it."""
    if list(parts) == [WHOLE]:
        return made[0]
    told = [
        replace(part, size=one.size, flags=one.flags) for part, one in zip(parts, made, strict=True)
    ]
    counted = [one.people for one in made if one.people is not None]
    pixels = [one.size[0] * one.size[1] for one in made]
    covered = sum((one.covered or 0.0) * own for one, own in zip(made, pixels, strict=True)) / sum(
        pixels
    )
    return replace(
        made[0],
        size=max((one.size for one in made), key=lambda size: size[0] * size[1]),
        people=sum(counted) if len(counted) == len(made) else None,
        tiles=sum(one.tiles for one in made),
        warnings=tuple(
            f"{part.shown}: {warning}" if part.shown else warning
            for part, one in zip(parts, made, strict=True)
            for warning in one.warnings
        ),
        covered=round(covered, 6),
        # Where to look is told in a part's own pixels, which nobody finds in the file.
        flags=tuple(replace(flag, place=None) for one in made for flag in one.flags),
        holds_photo=all(one.holds_photo for one in made),
        parts=tuple(told),
    )
