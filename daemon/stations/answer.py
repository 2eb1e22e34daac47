"""What came back: looked at as anybody's file, and blended through the matte where wished."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.errors import PhotoError
from daemon.imaging import encode
from daemon.imaging.colour import SRGB, convert
from daemon.imaging.decode import decode
from daemon.imaging.formats import HEAD_BYTES, Format, sniff
from daemon.raster import Pixels, Raster
from daemon.stations import matte, sent
from daemon.stations.task import Handed, NeverFiled, StationFailed, Task

_EXTENSIONS = {
    Format.JPEG: ".jpg",
    Format.PNG: ".png",
    Format.TIFF: ".tif",
    Format.WEBP: ".webp",
}


def accepted(answer: Path, task: Task, handed: Handed) -> Path:
    """The file that is to be filed, whole and of a kind that everybody reads.

    Returns:
        The answer itself, named after its kind; or what was made of it.

    Raises:
        StationFailed: it is no picture, or one of another size.
        NeverFiled: what it is to be blended with is not there any more.
    """
    kind, picture = _read(answer, handed.max_pixels)
    if handed.station.size == "any":
        return _named(answer, kind)
    ours = _decoded(task.picture, handed)
    if picture.size != ours.size:
        (width, height), (wide, high) = picture.size, ours.size
        told = f"{width} x {height} instead of {wide} x {high}"
        raise StationFailed(f"its answer is of another size: {told}")
    if handed.station.blend == "none":
        return _named(answer, kind)
    return _blended(picture, ours, task, handed)


def _named(answer: Path, kind: Format) -> Path:
    return answer.replace(answer.with_name(f"checked{_EXTENSIONS[kind]}"))


def _read(answer: Path, max_pixels: int) -> tuple[Format, Raster]:
    with answer.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        kind = sniff(head)
        if kind not in _EXTENSIONS:
            raise StationFailed(f"its answer is {kind.value}; JPEG, PNG, TIFF or WebP are filed")
        return kind, decode(answer, max_pixels=max_pixels)
    except PhotoError as error:
        raise StationFailed(f"its answer is no picture: {error}") from error


def _blended(picture: Raster, sent_: Raster, task: Task, handed: Handed) -> Path:
    """The people of one picture on the background of the other, in the answer's depth and sRGB."""
    assert task.matte is not None, "the settings demand a matte for this"
    alpha = matte.read(task.matte)
    ours = sent_ if handed.station.blend == "person" else _people(task, handed)
    dtype = picture.pixels.dtype
    theirs, mine = (convert(each.pixels, each.icc, SRGB, dtype) for each in (picture, ours))
    if alpha.shape != theirs.shape[:2] or mine.shape != theirs.shape:
        raise NeverFiled("matte, photo and what was sent are not of one size")
    people, rest = (theirs, mine) if handed.station.blend == "person" else (mine, theirs)
    target = task.folder / "blended.png"
    encode.write_png(target, _mixed(people, rest, alpha), icc=SRGB, dpi=sent_.dpi)
    return target


def _people(task: Task, handed: Handed) -> Raster:
    """The filed cut-out's straight colours."""
    name = sent.output_of(handed.profile, "foreground")
    assert name is not None, "the settings demand a foreground for this"
    return _colours(sent.result(handed, name, task.folder / "filed-foreground"), handed)


def _decoded(path: Path, handed: Handed) -> Raster:
    try:
        return decode(path, max_pixels=handed.max_pixels)
    except PhotoError as error:
        raise NeverFiled(f"what it is to be blended with cannot be read: {error}") from error


def _colours(path: Path, handed: Handed) -> Raster:
    """The straight colours of a filed cut-out, without its alpha."""
    whole = _decoded(path, handed)  # checked as anybody's file, and put over white
    pixels = matte.straight(path)
    return whole if pixels is None else Raster(pixels, whole.icc, whole.dpi)


def _mixed(
    people: Pixels, rest: Pixels, alpha: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]
) -> Pixels:
    made = rest.copy()
    for top in range(0, len(made), 256):
        rows = slice(top, top + 256)
        share = alpha[rows, :, None] * np.float32(1 / 65535)
        under = rest[rows].astype(np.float32)
        made[rows] = np.rint(under + (people[rows] - under) * share)
    return made
