"""A filed photo's matte, touched up with the brush: no engine is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.config.profiles import AUTO, NONE
from daemon.errors import MattedError, Refused
from daemon.imaging.planes import alpha_of
from daemon.photo import Version
from daemon.work.refining import Refined, Wanted, loaded
from daemon.work.snapshot import copy_in
from matting.errors import EngineError
from matting.picture.brush import touched_up
from matting.picture.stroke import Stroke

ENGINE = "touch-up"
"""What results are said to be made by."""
_USUAL = "closed-form"


def touch_up(
    alpha: NDArray[np.uint16],
    photo: NDArray[np.uint8],
    strokes: Sequence[Stroke],
    wanted: Wanted,
) -> Refined:
    """The matte, solved anew where there are strokes.

    Args:
        alpha: (H, W), 65535 is opaque.
        photo: (H, W, 3) RGB, sRGB.
        strokes: what was drawn.
        wanted: the profile's refiner; where it has none, closed form is taken.

    Raises:
        Refused: the refiner failed. What somebody drew is not to be lost in a worse matte.
    """
    name = _USUAL if wanted.name in {AUTO, NONE} else wanted.name
    try:
        refiner = loaded(name, wanted)
        try:
            found = touched_up(alpha, photo, strokes, refiner, threads=cv2.getNumThreads())
        finally:
            refiner.close()
    except EngineError as error:
        raise Refused(f"the refiner {name} failed: {error}") from error
    return Refined(found.alpha, name, found.tiles)


def read_matte(
    results: Sequence[str], snapshot: bytes, size: tuple[int, int]
) -> NDArray[np.uint16]:
    """The matte among a photo's results, or what its cut-out says of it.

    Args:
        results: absolute paths; odd bytes are lone surrogates.
        snapshot: where a private copy may go; it is removed again.
        size: (width, height) of the upright photo.

    Raises:
        Refused: none of them has a matte of the photo's size.
    """
    for path in map(os.fsencode, results):
        try:
            copy_in(path, snapshot, Version.of(os.lstat(path)))
            alpha = alpha_of(Path(os.fsdecode(snapshot)), max_pixels=size[0] * size[1])
        except (OSError, MattedError):
            continue  # deleted or changed since; another may do
        finally:
            Path(os.fsdecode(snapshot)).unlink(missing_ok=True)
        if alpha is not None and alpha.shape == size[::-1]:
            return alpha
    raise Refused("none of its results holds a matte of the photo's own size any more")
