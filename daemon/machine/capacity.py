"""How many photos a machine can work on at once, and how large they may be."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

_AT_REST_BYTES = 250 << 20
"""A photo process without a photo: libraries, networks, kernels."""
_PER_PIXEL_BYTES = 22
"""What a photo takes beyond that: measured with 24 megapixels of 8 bits and 100 of 16."""
_USUAL_MEGAPIXELS = 100
"""So large may a photo be, if memory allows, before fewer are worked on at once."""
_SHARE = 4, 5
"""Of the machine's memory, for all photo processes."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Of one machine."""

    cores: int
    memory_bytes: int

    @classmethod
    def here(cls) -> Self:
        """Of this one."""
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return cls(os.cpu_count() or 1, pages)

    def workers(self, wanted: int | str) -> int:
        """How many photos to work on at once.

        One for each core: while one photo is encoded the next is with the engine, and another is
        decoded. Where memory would not do for large photos then, one for two cores.

        Args:
            wanted: by the settings, or "auto".
        """
        if isinstance(wanted, int):
            return wanted
        affordable = self._shared_bytes // need_bytes(_USUAL_MEGAPIXELS)
        return max(1, self.cores // 2, min(self.cores, affordable))

    def each_bytes(self, wanted_mb: int | str, count: int) -> int:
        """What each of so many photo processes may allocate.

        Args:
            wanted_mb: by the settings, or "auto".
            count: of the processes.
        """
        return wanted_mb << 20 if isinstance(wanted_mb, int) else self._shared_bytes // count

    @property
    def _shared_bytes(self) -> int:
        share, whole = _SHARE
        return self.memory_bytes * share // whole


def need_bytes(megapixels: float) -> int:
    """The most that a photo process takes for a photo of that size."""
    return _AT_REST_BYTES + round(megapixels * 1e6 * _PER_PIXEL_BYTES)


def largest_megapixels(memory_bytes: int) -> float:
    """The largest photo that a process can work on with so much memory."""
    return max(0.0, (memory_bytes - _AT_REST_BYTES) / _PER_PIXEL_BYTES / 1e6)
