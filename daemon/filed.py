"""What became of a photo: what was filed of it, or of each of the photos in its file."""

from __future__ import annotations

from dataclasses import dataclass, field

from matting.judgement.flag import Flag


@dataclass(frozen=True, slots=True)
class Part:
    """Which of the photos in one file; most files are one photo, and have one part."""

    page: int | None = None
    """Of the file, from 1; None where one page alone is read."""
    print: int | None = None
    """On the scan, from 1; None where the scan was not split."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels, once it is filed."""
    flags: tuple[Flag, ...] = ()
    """Why somebody should look at its matte, and where in its own pixels; once it is filed."""

    @property
    def shown(self) -> str:
        """For people, e.g. "page 2, print 1"; empty for a whole file."""
        named = (("page", self.page), ("print", self.print))
        return ", ".join(f"{name} {number}" for name, number in named if number is not None)


WHOLE = Part()


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a photo that went well."""

    names: tuple[bytes, ...]
    """Outputs relative to the result folder."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    engine: str
    device: str
    people: int | None
    sha256: str
    """Of the bytes the photo was decoded from."""
    refiner: str = "none"
    """What solved the matte's edge; "none" is guided enlargement alone."""
    tiles: int = 0
    """How many tiles the refiner solved."""
    took_s: dict[str, float] = field(default_factory=dict)
    """Seconds per stage: read, decode, prepare, matte, refine, judge, foreground, encode, sync,
    travel, publish."""
    warnings: tuple[str, ...] = ()
    covered: float | None = None
    """Share of the photo that is more person than background, from 0 to 1; None where an older
    program filed it."""
    flags: tuple[Flag, ...] = ()
    """Why somebody should look at the matte, and where."""
    holds_photo: bool = False
    """Whether an output has the photo's own pixels where the matte is opaque."""
    parts: tuple[Part, ...] = ()
    """The photos in the file, each with a set of results, in the order of the names; empty where
    the file is one photo."""
    worker: str = ""
    """The machine that worked on it; empty: the daemon's own."""
