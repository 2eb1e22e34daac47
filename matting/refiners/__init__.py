"""The refiners: coarse tells where the edge is, fine tells what it looks like.

A new one is a module here and a line in ``REFINERS``. A refiner module has
``load(options) -> Refiner``.
"""

from __future__ import annotations

import abc
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:  # settings know the refiners by name, and need no numpy
    import numpy as np
    from numpy.typing import NDArray

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255
"""The values of a trimap."""


@dataclass(frozen=True, slots=True)
class RefinerKind:
    """What has to be known of a refiner where it is not at work."""

    module: str
    network: bool = False
    """Whether it runs a network; then what settings name is the network."""


REFINERS = {
    "closed-form": RefinerKind("matting.refiners.closed_form"),
    "learnt": RefinerKind("matting.refiners.learnt"),
    "onnx": RefinerKind("matting.refiners.onnx", network=True),
}
BUILT_IN = tuple(name for name, kind in REFINERS.items() if not kind.network)
"""What settings can name."""
NETWORKS = next(name for name, kind in REFINERS.items() if kind.network)
"""The refiner that runs networks, whatever they are called."""


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A part of the photo in which some of alpha is unknown."""

    pixels: NDArray[np.uint8]
    """(height, width, 3) RGB."""
    trimap: NDArray[np.uint8]
    """(height, width): BACKGROUND, UNKNOWN or FOREGROUND. Some of it is unknown; the rest need
    not have both of the others."""
    coarse: NDArray[np.uint8]
    """(height, width), 255 is opaque: the network's matte, enlarged along the photo's edges. It
    is a refiner's to use or to leave."""


class Refiner(abc.ABC):
    """Solves alpha in the unknown part of one tile at a time.

    Neighbouring tiles overlap, and what they answer fades from one to the next.
    """

    side: int = 512
    """Pixels that a side of a tile has at most. Smaller ones come too (a photo may be smaller), so
    who needs a fixed size or a multiple of something pads the tile and crops the answer."""
    overlap: int = 64
    """Pixels that two neighbours share."""
    most_unknown: int | None = None
    """Unknown pixels that it can afford in one photo. A photo with more is worked on at a smaller
    size, and what that leaves is done as without a refiner. None: always the photo's own size."""
    threadsafe: bool = False
    """Whether several tiles may be solved at the same time."""

    @abc.abstractmethod
    def describe(self) -> dict[str, Any]:
        """Facts for the log, JSON values: ``name`` at least."""

    def close(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Let go of what it holds; it is not used afterwards."""

    @abc.abstractmethod
    def refine(self, tile: Tile) -> NDArray[np.uint16]:
        """Solve one tile; the same tile always gives the same answer.

        Returns:
            (height, width), 65535 is opaque: 16 bits, as mattes are filed with so many; integers,
            since they can be neither out of range nor no number. Only what is unknown is used.

        Raises:
            matting.errors.EngineOutOfMemory: the tile is too large for its accelerator.
            matting.errors.RequestRefused: this tile cannot be refined.
        """


class _Module(Protocol):
    def load(self, options: dict[str, Any]) -> Refiner: ...


def load(name: str, options: dict[str, Any]) -> Refiner:
    """Import and prepare the refiner ``name``, a key of REFINERS.

    Args:
        name: a key of REFINERS.
        options: its own settings.

    Raises:
        matting.errors.EngineUnavailable: it cannot run here; the message says why.
    """
    module = cast("_Module", importlib.import_module(REFINERS[name].module))
    return module.load(options)
