"""The fine network, where closed form goes wrong: a tile of the photo and its alphas in, alpha out.

A U-Net whose answer is added to closed form's, so that it starts as that and learns what it lacks.
(Added to the logit it learnt nothing: an alpha has steep edges, and beside them a logit passes no
gradient on.) Its widest layers work at half the tile's size: the first takes 4 x 4
pixels at every second one, the last answers 2 x 2, so that no pixel is passed over; at the full
size they took several times as long. 0.4 M parameters. Batch normalisation while it learns;
exporting folds it into the convolutions.
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

PLANES = 6
"""RGB, the coarse alpha, closed form's, and 1 where alpha is unknown."""
MULTIPLE = 16
"""Sides of tiles are multiples of this."""
_CHANNELS = (32, 48, 64, 96)


class Fine(nn.Module):
    """(batch, PLANES, height, width) to (batch, 1, height, width).

    In: 0..1. Out: alpha, a little beyond 0..1 in places.
    """

    def __init__(self) -> None:
        """Random weights; the last layer is zero, so the answer is closed form's."""
        super().__init__()
        wide = _CHANNELS
        self.entry = nn.Sequential(*_once(PLANES, wide[0], 4, 2), *_once(wide[0], wide[0]))
        self.down = nn.ModuleList(_twice(large, small) for large, small in pairwise(wide))
        self.up = nn.ModuleList(_once(small + large, large) for large, small in pairwise(wide))
        self.last = nn.ConvTranspose2d(wide[0], 1, 2, stride=2)
        nn.init.zeros_(self.last.weight)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)

    def forward(self, seen: Tensor) -> Tensor:
        """Alpha; see the class. Clamp it to 0..1."""
        levels = [self.entry(seen - 0.5)]
        for stage in self.down:
            levels.append(stage(functional.max_pool2d(levels[-1], 2)))
        found = levels.pop()
        for stage in reversed(self.up):
            large = functional.interpolate(found, scale_factor=2.0, mode="bilinear")
            found = stage(torch.cat([large, levels.pop()], 1))
        return seen[:, 4:5] + self.last(found).float()


class Refining(nn.Module):
    """What is exported: alpha within 0..1."""

    def __init__(self, network: Fine) -> None:
        """Keep the network, batch normalisation folded away."""
        super().__init__()
        self.network = folded(network)

    def forward(self, seen: Tensor) -> Tensor:
        """(1, PLANES, height, width) to (1, 1, height, width)."""
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


def _once(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def _twice(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*_once(inputs, outputs), *_once(outputs, outputs))
