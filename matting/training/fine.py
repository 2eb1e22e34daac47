"""The fine network, what hair is: a tile of the photo and the coarse alpha in, alpha out.

A U-Net of four halvings whose answer is added to the coarse alpha's logit, so that it starts as
the coarse alpha and learns what that lacks. 0.79 M parameters. Batch normalisation while it
learns; exporting folds it into the convolutions.
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

MULTIPLE = 16
"""Sides of tiles are multiples of this."""
_CHANNELS = (16, 32, 64, 96, 128)
_SURE = 0.01
"""The logit of the coarse alpha is taken between this and one less this."""
_STRETCH = 1.03
"""Or exactly 0 and exactly 1 could never be answered."""


class Fine(nn.Module):
    """(batch, 4, height, width) to (batch, 1, height, width).

    In: RGB 0..1 and the coarse alpha 0..1. Out: alpha, a little beyond 0..1 where it is sure.
    """

    def __init__(self) -> None:
        """Random weights; the last layer is zero, so the answer is the coarse alpha."""
        super().__init__()
        wide = _CHANNELS
        self.entry = _twice(4, wide[0])
        self.down = nn.ModuleList(_twice(large, small) for large, small in pairwise(wide))
        self.up = nn.ModuleList(_once(small + large, large) for large, small in pairwise(wide))
        self.last = nn.Conv2d(wide[0], 1, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, seen: Tensor) -> Tensor:
        """Alpha; see the class. Clamp it to 0..1."""
        coarse = seen[:, 3:].clamp(_SURE, 1 - _SURE)
        levels = [self.entry(seen - 0.5)]
        for stage in self.down:
            levels.append(stage(functional.max_pool2d(levels[-1], 2)))
        found = levels.pop()
        for stage in reversed(self.up):
            large = functional.interpolate(found, scale_factor=2.0, mode="bilinear")
            found = stage(torch.cat([large, levels.pop()], 1))
        logit = self.last(found) + torch.log(coarse / (1 - coarse))
        return (torch.sigmoid(logit) - 0.5) * _STRETCH + 0.5


class Refining(nn.Module):
    """What is exported: alpha within 0..1."""

    def __init__(self, network: Fine) -> None:
        """Keep the network, batch normalisation folded away."""
        super().__init__()
        self.network = folded(network)

    def forward(self, seen: Tensor) -> Tensor:
        """(1, 4, height, width) to (1, 1, height, width)."""
        return self.network(seen).clamp(0, 1)


def folded(network: Fine) -> Fine:
    """The same function without batch normalisation."""
    plain = copy.deepcopy(network).eval()
    for stage in [plain.entry, *plain.down, *plain.up]:
        layers = list(stage)
        for at in range(0, len(layers), 3):
            stage[at] = nn.utils.fuse_conv_bn_eval(layers[at], layers[at + 1])
            stage[at + 1] = nn.Identity()
    return plain


def _once(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def _twice(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*_once(inputs, outputs), *_once(outputs, outputs))
