"""Whether two engines see the same people: the same pictures through both, alpha compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon import errors
from daemon.imaging.colour import to_srgb8
from daemon.imaging.decode import decode
from daemon.steps.view import Picture, View
from matting.errors import EngineError, EngineUnavailable
from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec
from matting.process.temporary import hosted

SKIPPED = 127
"""A network's answer is cut off at 254, and engines spread it over 0 to 255, which leaves this
level out: one step of the network's around it becomes two."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One picture that both engines get."""

    name: str
    """The photo's, and which part of it."""
    pixels: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one engine answered."""

    alpha: NDArray[np.uint8]
    took_s: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One picture, seen by both."""

    name: str
    size: tuple[int, int]
    """Width and height."""
    worst: int
    """The largest difference of alpha, in the network's own steps: 254 is opaque."""
    at: tuple[int, int]
    """Where that is, from the left and from the top."""
    share: float
    """Of pixels that differ at all."""
    span: int
    """From the lowest alpha to the highest, in the same steps."""
    took_s: tuple[float, float]
    """Each engine's own time."""


def sights(photos: Iterable[Path], *, long_side: int, max_pixels: int) -> Iterator[Sight]:
    """Each photo as the network would see it, and a part in the other orientation, oddly sized.

    Args:
        photos: their files.
        long_side: working size, as in profiles.
        max_pixels: the most that a photo may have.

    Raises:
        MattedError: a photo cannot be read.
    """
    for path in photos:
        try:
            raster = decode(path, max_pixels=max_pixels)
        except errors.PhotoError as error:
            raise errors.MattedError(f"{path}: {error}") from error
        pixels = View.of(to_srgb8(raster), long_side).pixels
        yield Sight(path.name, pixels)
        yield Sight(f"{path.name} (a part)", turned(pixels))


def turned(pixels: Picture) -> Picture:
    """The middle of a picture, upright if that lies and lying if it stands; odd height and width.

    Args:
        pixels: (height, width, 3), of any size.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    long, short = _odd(side), _odd(max(1, side * 2 // 3))
    high, wide = (long, short) if width >= height else (short, long)
    top, left = (height - high) // 2, (width - wide) // 2
    return np.ascontiguousarray(pixels[top : top + high, left : left + wide])


def _odd(side: int) -> int:
    return side - 1 + side % 2


def look(spec: EngineSpec, pictures: Iterable[Sight]) -> list[Seen]:
    """Matte pictures, one after the other, in one engine process.

    Raises:
        NoEngine: it does not start, or fails at one of them; names which.
    """
    try:
        with hosted(spec) as host:
            return [_matte(host, picture) for picture in pictures]
    except EngineUnavailable as error:
        reason = f"the engine {spec.name} cannot run: {error}"
        raise errors.NoEngine(reason) from error


def _matte(host: EngineHost, picture: Sight) -> Seen:
    timeout_s = host.spec.timeout_s
    with connect(host.socket_path, wait_s=host.spec.start_timeout_s) as engine:
        try:
            answer = engine.matte(
                picture.pixels, photo=picture.name, timeout_s=timeout_s, queue_timeout_s=timeout_s
            )
        except EngineError as error:
            reason = f"the engine {host.spec.name} fails at {picture.name}: {error}"
            raise errors.NoEngine(reason) from error
    return Seen(answer.alpha, float(answer.facts["took_s"]))


def compare(picture: Sight, first: Seen, second: Seen) -> Compared:
    """Compare two alphas of one picture."""
    one, other = _steps(first.alpha), _steps(second.alpha)
    apart = np.abs(one - other)
    row, column = np.unravel_index(int(apart.argmax()), apart.shape)
    return Compared(
        name=picture.name,
        size=(picture.pixels.shape[1], picture.pixels.shape[0]),
        worst=int(apart.max()),
        at=(int(column), int(row)),
        share=float(np.count_nonzero(apart) / apart.size),
        span=int(np.ptp(one)),
        took_s=(first.took_s, second.took_s),
    )


def _steps(alpha: NDArray[np.uint8]) -> NDArray[np.int16]:
    return alpha.astype(np.int16) - (alpha > SKIPPED)
