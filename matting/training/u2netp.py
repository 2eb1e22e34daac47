"""U2-Net's small form, to be trained on: nested U-shapes (Qin and others 2020, arXiv 2005.09007).

Written from the paper; the published weights (Apache-2.0) are read from their ONNX file, whose
batch normalisations are folded into the convolutions. So there are none here either: what is
learnt on starts near enough, and the same network runs at training and at use.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

_WIDE, _NARROW = 64, 16
"""Channels between the stages, and inside them."""


class _Convolution(nn.Conv2d):
    """3 x 3, then ReLU."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1) -> None:
        super().__init__(inputs, outputs, 3, padding=dilation, dilation=dilation)

    def forward(self, picture: Tensor) -> Tensor:
        return functional.relu(super().forward(picture))


class Stage(nn.Module):
    """A U of its own (RSU): ``depth`` - 2 halvings, or growing dilations where all is small."""

    def __init__(self, inputs: int, depth: int, *, dilated: bool = False) -> None:
        """See the class; ``inputs`` are channels."""
        super().__init__()
        self._halves = not dilated
        dilations = [2**at for at in range(depth)] if dilated else [1] * (depth - 1) + [2]
        self.first = _Convolution(inputs, _WIDE)
        into = [_WIDE] + [_NARROW] * (depth - 1)
        self.down = nn.ModuleList(
            _Convolution(channels, _NARROW, dilation)
            for channels, dilation in zip(into, dilations, strict=True)
        )
        outof = [_NARROW] * (depth - 2) + [_WIDE]
        self.up = nn.ModuleList(
            _Convolution(2 * _NARROW, channels, dilation)
            for channels, dilation in zip(outof, dilations[-2::-1], strict=True)
        )

    def forward(self, picture: Tensor) -> Tensor:
        """(batch, inputs, h, w) to (batch, 64, h, w)."""
        entry = found = self.first(picture)
        levels: list[Tensor] = []
        for at, convolution in enumerate(self.down):
            if self._halves and 0 < at < len(self.down) - 1:
                found = functional.max_pool2d(found, 2)
            found = convolution(found)
            levels.append(found)
        found = levels.pop()
        for convolution in self.up:
            level = levels.pop()
            found = convolution(torch.cat([_like(found, level), level], 1))
        return found + entry


class U2NetP(nn.Module):
    """(batch, ``inputs``, side, side), a picture less ImageNet's mean, to seven logits.

    Sides are multiples of 32. The first logit is the fusion of the six others, which look from
    finer to coarser.
    """

    def __init__(self, inputs: int = 3) -> None:
        """Random weights; see ``read``."""
        super().__init__()
        depths = (7, 6, 5, 4)
        self.encode = nn.ModuleList(
            [Stage(inputs if depth == 7 else _WIDE, depth) for depth in depths]
            + [Stage(_WIDE, 4, dilated=True), Stage(_WIDE, 4, dilated=True)]
        )
        self.decode = nn.ModuleList(
            [Stage(2 * _WIDE, 4, dilated=True)]
            + [Stage(2 * _WIDE, depth) for depth in depths[::-1]]
        )
        self.sides = nn.ModuleList(nn.Conv2d(_WIDE, 1, 3, padding=1) for _ in range(6))
        self.fuse = nn.Conv2d(6, 1, 1)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """The fused logit, then those of each scale, all at the picture's size."""
        levels: list[Tensor] = []
        found = picture
        for at, stage in enumerate(self.encode):
            found = stage(found if at == 0 else functional.max_pool2d(found, 2))
            levels.append(found)
        answers = [levels.pop()]
        for stage in self.decode:
            level = levels.pop()
            answers.append(stage(torch.cat([_like(answers[-1], level), level], 1)))
        finest = answers[::-1]
        logits = [side(one) for side, one in zip(self.sides, finest, strict=True)]
        large = [logits[0], *(_like(logit, logits[0]) for logit in logits[1:])]
        return (self.fuse(torch.cat(large, 1)), *large)

    def read(self, path: Path) -> None:
        """Take the published weights."""
        graph = onnx.load(str(path)).graph
        constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        named = [(f"side{at}", side) for at, side in enumerate(self.sides, 1)]
        for name, layer in [*named, ("outconv", self.fuse)]:
            _fill(layer, constants.pop(f"{name}.weight"), constants.pop(f"{name}.bias"))
        used = [
            node for node in graph.node if node.op_type == "Conv" and node.input[1] in constants
        ]
        for layer, node in zip(_in_order(self), used, strict=True):
            _fill(layer, constants[node.input[1]], constants[node.input[2]])


def _in_order(network: U2NetP) -> list[_Convolution]:
    """The convolutions as the network runs them."""
    stages: Sequence[nn.Module] = [*network.encode, *network.decode]
    return [
        layer for stage in stages for layer in stage.modules() if isinstance(layer, _Convolution)
    ]


def _fill(layer: nn.Module, weight: np.ndarray, bias: np.ndarray) -> None:
    for name, value in (("weight", weight), ("bias", bias)):
        into = getattr(layer, name)
        if into.shape != value.shape:
            raise ValueError(f"{tuple(into.shape)} weights expected, and these are {value.shape}")
        into.data.copy_(torch.from_numpy(value.copy()))


def _like(small: Tensor, large: Tensor) -> Tensor:
    """Enlarged to the size of the other, which is a power of two times its own."""
    factor = int(large.shape[-1]) / int(small.shape[-1])  # int, or exporting would compute it
    if factor == 1:
        return small
    return functional.interpolate(small, scale_factor=factor, mode="bilinear")
