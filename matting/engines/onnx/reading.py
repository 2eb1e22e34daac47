"""From a network's answer to alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matting.engines.onnx.feed import resized
from matting.networks.recipe import Recipe

SURE = 0.95
"""Where min_max is to stretch, the surest pixel has at least this value.

ISNet's surest pixel was at 0.994 or above in 15 photos with people, old, scratched, faded to a
fifth of their contrast, or 100 pixels high in a wide picture. It was at 0.88 in a photo of a bridge
(0.63 to 0.92 in most parts of it and faded), 0.61 on grass, 0.49 on gravel, 0.02 to 0.09 on paper,
noise and a backdrop. Things it takes for a subject are as sure as people: a cup, a cat."""
NOBODY = 0.5
"""Below this, no pixel is rather foreground than background."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a network's answer says."""

    alpha: NDArray[np.uint8]
    """(height, width), of the size asked for."""
    people: int | None
    """0: nobody, so alpha is empty; None: they are not counted."""
    surest: float
    """The highest value before any stretching; opaque is 1."""
    seen: tuple[int, int]
    """Height and width of the network's own answer."""
    warnings: tuple[str, ...]


def read(raw: NDArray[Any], recipe: Recipe, height: int, width: int) -> Reading:
    """Make alpha of a network's answer.

    Args:
        raw: the output that the recipe names.
        recipe: what it means.
        height: of the picture.
        width: likewise.

    Raises:
        ValueError: the answer is no picture, lacks the channel, or has no finite values; one line.
    """
    planes = channels_first(raw, recipe)
    if recipe.channel >= len(planes):
        raise ValueError(f"the answer is {raw.shape}, and has no channel {recipe.channel}")
    values, warnings = _activated(planes, recipe)
    if not np.isfinite(values).all():
        raise ValueError("the network answers values that are no numbers")
    values /= recipe.opaque
    surest, people = float(values.max()), None
    if recipe.activation == "min_max":
        values, people = _stretched(values)
    warnings += _doubts(surest, recipe, people)
    alpha = resized(np.clip(values, 0, 1), height, width)
    return Reading(np.rint(alpha * 255).astype(np.uint8), people, surest, values.shape, warnings)


def channels_first(raw: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    """An answer as (channels, height, width).

    Raises:
        ValueError: it is no picture; one line.
    """
    planes = raw
    if planes.ndim == 4 and planes.shape[0] == 1 and recipe.layout != "hwc":
        planes = planes[0]
    elif planes.ndim == 3 and planes.shape[0] == 1 and recipe.layout == "nhwc":
        return planes  # no axis for channels
    if planes.ndim == 2:
        planes = planes[np.newaxis]
    elif planes.ndim == 3 and recipe.layout != "nchw":
        planes = np.moveaxis(planes, 2, 0)
    if planes.ndim != 3 or not planes.size:
        raise ValueError(f"the answer is {raw.shape}, which is no picture")
    return planes


def _activated(planes: NDArray[Any], recipe: Recipe) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The person's channel, after the activation; and warnings."""
    if recipe.activation == "softmax":
        powers = np.exp(planes - planes.max(axis=0, keepdims=True), dtype=np.float32)
        return powers[recipe.channel] / powers.sum(axis=0), ()
    values = planes[recipe.channel].astype(np.float32)
    if recipe.activation != "sigmoid":
        return values, ()
    if values.min() >= 0 and values.max() <= 1:
        # Twice, everything would lie between 0.5 and 0.73.
        warning = "the network's answer is from 0 to 1 already, so no sigmoid was applied to it"
        return values, (warning,)
    # Beyond 80 float32 ends; the answer is 0 or 1 long before.
    return 1 / (1 + np.exp(-np.clip(values, -80, 80))), ()


def _stretched(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], int | None]:
    """Values from 0 to 1 where the network seems sure of both; and how many people, if nobody."""
    high, low = float(values.max()), float(values.min())
    if high < NOBODY:
        return np.zeros_like(values), 0
    if high < SURE:
        return values, None
    if low > 1 - SURE:  # likewise: where everything is foreground, no background is invented
        low = 0.0
    return (values - low) / (high - low), None


def _doubts(surest: float, recipe: Recipe, people: int | None) -> tuple[str, ...]:
    if surest >= (SURE if recipe.activation == "min_max" else NOBODY):
        return ()
    what = "the matte is empty" if people == 0 else "the matte is as faint as the network's answer"
    return (f"nobody seems to be there: no pixel is foreground by more than {surest:.2f}; {what}",)
