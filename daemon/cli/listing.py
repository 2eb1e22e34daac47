"""What a verb lists, before it is drawn as a table."""

from __future__ import annotations

from typing import NamedTuple


class Listing(NamedTuple):
    """A table in words; the first column holds numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
