"""Where a picture goes into a network and alpha comes out, checked against the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matting.networks.recipe import BSHM, Recipe

BSHM_INPUT = "input_image"
_TYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(uint8)": np.dtype(np.uint8),
}
_AXES = {"nchw": (2, 3, 1), "nhwc": (1, 2, 3), "hwc": (0, 1, 2)}
"""Of height, width and channels."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The two tensors."""

    input: str
    dtype: np.dtype[Any]
    output: str


def recognised(session: Any) -> Recipe | None:
    """The recipe of a network that came without one: BSHM's, if it is that.

    BiRefNet's own files call their input the same, but have four axes.
    """
    inputs = session.get_inputs()
    is_bshm = [(port.name, len(port.shape)) for port in inputs] == [(BSHM_INPUT, 3)]
    return BSHM if is_bshm else None


def find(session: Any, recipe: Recipe) -> Ports:
    """The tensors that a recipe means.

    Raises:
        ValueError: there are none, or they do not fit; one line.
    """
    picture = _input(session.get_inputs(), recipe.input)
    dtype = _dtype(picture)
    if dtype == np.uint8 and (recipe.range, any(recipe.mean), set(recipe.std)) != (
        *("0..255", False),
        {1.0},
    ):
        raise ValueError(f"{picture.name} takes bytes, so range, mean and std cannot be applied")
    if dtype == np.uint8 and recipe.refines:
        raise ValueError(f"{picture.name} takes bytes, which a refiner's trimap is not given in")
    _check_input(picture, recipe)
    outputs = session.get_outputs()
    if recipe.output >= len(outputs):
        raise ValueError(f"it has no output {recipe.output}, but {_names(outputs)}")
    answer = outputs[recipe.output]
    _dtype(answer)
    _check_output(answer, recipe)
    return Ports(picture.name, dtype, answer.name)


def _input(inputs: Sequence[Any], name: str | None) -> Any:
    if name is None and len(inputs) != 1:
        raise ValueError(f"it has several inputs, so `input` has to say which: {_names(inputs)}")
    for port in inputs:
        if name in (None, port.name):
            if len(inputs) > 1:
                others = [other for other in inputs if other is not port]
                raise ValueError(f"it also wants {_names(others)}, which nothing here provides")
            return port
    raise ValueError(f"it has no input {name}, but {_names(inputs)}")


def _check_input(port: Any, recipe: Recipe) -> None:
    sizes = [size if isinstance(size, int) else None for size in port.shape]
    planes = recipe.planes
    height, width, channels = _AXES[recipe.layout]
    wanted = _shown(
        [{height: "height", width: "width", channels: planes}.get(i, 1) for i in range(4)]
    )
    if recipe.layout == "hwc":
        wanted = "(height, width, 3)"
    if not sizes:
        return  # it does not say how many axes there are
    fits = len(sizes) == len(recipe.layout) and sizes[channels] in (None, planes)
    if not fits or (sizes[channels] is None and planes in sizes):
        said = "trimap and coarse say" if recipe.refines else "layout says"
        raise ValueError(f"{port.name} is {_shown(sizes)}, not {wanted} as {said}")
    if recipe.layout != "hwc" and sizes[0] not in (None, 1):
        raise ValueError(f"{port.name} takes {sizes[0]} pictures at a time")
    fixed = (sizes[width], sizes[height])
    chosen = recipe.size or (None, None)
    if any(have is not None and have != want for have, want in zip(fixed, chosen, strict=True)):
        raise ValueError(f"{port.name} is {_shown(sizes)}; `size` has to say so")


def _check_output(port: Any, recipe: Recipe) -> None:
    sizes = [size if isinstance(size, int) else None for size in port.shape]
    if not sizes:
        return
    if not 2 <= len(sizes) <= 4:
        raise ValueError(f"{port.name} is {_shown(sizes)}, which is no picture")
    channels = sizes[_AXES[recipe.layout][2]] if len(sizes) == len(recipe.layout) else None
    if channels is not None and recipe.channel >= channels:
        raise ValueError(f"{port.name} is {_shown(sizes)}, and has no channel {recipe.channel}")


def _dtype(port: Any) -> np.dtype[Any]:
    if port.type not in _TYPES:
        known = ", ".join(str(dtype) for dtype in _TYPES.values())
        raise ValueError(f"{port.name} is {port.type}, not one of {known}")
    return _TYPES[port.type]


def _names(ports: Sequence[Any]) -> str:
    return ", ".join(port.name for port in ports) or "none"


def _shown(sizes: Sequence[Any]) -> str:
    return "(" + ", ".join("any" if size is None else str(size) for size in sizes) + ")"
