"""What of a photo can be looked at in full size; known without loading any picture library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FACTS = "facts.json"
"""What there is to be shown of a photo, in its directory of the cache."""


class Layer(StrEnum):
    """One picture of a photo."""

    ORIGINAL = "original"
    CUTOUT = "cutout"
    MATTE = "matte"
    PICTURE = "picture"
    """A composition."""


@dataclass(frozen=True, slots=True)
class Files:
    """A photo's files; each a root and a name below it."""

    original: tuple[bytes, bytes] | None
    results: tuple[tuple[bytes, bytes], ...]
    max_pixels: int
    size: tuple[int, int] | None
    """(width, height) of the photo; a result of another size has been framed. None of a file with
    several photos as a whole."""
    page: int | None = None
    """Of the file, from 1, if its pages are photos of their own."""
    print: int | None = None
    """On that page, from 1, if it was cut into prints."""
    turns: bool = False
    """Whether its folder's photos are turned upright, so that the file may lie otherwise."""
