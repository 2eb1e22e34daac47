"""Random numbers for batches of pictures: one generator, so that a seed tells everything."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws for a batch; what it draws lies on the generator's device."""

    generator: torch.Generator

    @classmethod
    def seeded(cls, seed: int, device: torch.device | str) -> Chance:
        """A new generator; the same seed draws the same on the same kind of device."""
        return cls(torch.Generator(device).manual_seed(seed))

    @property
    def device(self) -> torch.device:
        """Where all of it lies."""
        return self.generator.device

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Evenly between two bounds."""
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Mean 0, standard deviation 1."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def whole(self, below: int, *shape: int) -> Tensor:
        """Whole numbers 0 .. ``below`` - 1."""
        return torch.randint(below, shape, generator=self.generator, device=self.device)

    def each(self, low: float, high: float, batch: int, channels: int = 1) -> Tensor:
        """One number a picture and channel, (batch, channels, 1, 1)."""
        return self.uniform(low, high, batch, channels, 1, 1)

    def happens(self, share: float, batch: int, channels: int = 1) -> Tensor:
        """1.0 for about that share of the pictures and 0.0 for the rest, shaped as ``each``."""
        return (self.each(0, 1, batch, channels) < share).float()

    def clouds(self, like: Tensor, cells: float, channels: int = 1) -> Tensor:
        """Smooth noise, about -1 .. 1: (batch, channels, height, width) of ``like``.

        Args:
            like: gives the size.
            cells: how many blobs fit along each side, about.
            channels: how many independent ones.
        """
        batch, _, height, width = like.shape
        small = self.normal(batch, channels, *(max(2, round(cells)),) * 2)
        smooth = functional.interpolate(small, (height, width), mode="bicubic", align_corners=True)
        return smooth.clamp(-2, 2) / 2


def places(like: Tensor) -> tuple[Tensor, Tensor]:
    """The coordinates x and y of pixels, 0 .. 1, each (1, 1, height, width)."""
    height, width = like.shape[-2:]
    across = (torch.arange(width, device=like.device) + 0.5) / width
    down = (torch.arange(height, device=like.device) + 0.5) / height
    return across.view(1, 1, 1, -1).expand(1, 1, height, width), down.view(1, 1, -1, 1).expand(
        1, 1, height, width
    )


def blurred(picture: Tensor, deviation: Tensor, most: float) -> Tensor:
    """Gaussian blur of each picture's own.

    Args:
        picture: (batch, channels, height, width).
        deviation: standard deviations in pixels, (batch, 1, 1, 1).
        most: the largest that they may be; the same for every batch, or the kernels would be of
            another size each time and the GPU would look for the best way anew.
    """
    batch, channels, height, width = picture.shape
    reach = max(1, int(2.5 * most + 0.5))
    at = torch.arange(-reach, reach + 1, device=picture.device).float()
    kernel = torch.exp(-0.5 * (at / deviation.view(-1, 1).clamp(min=0.05)) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    flat = picture.reshape(1, batch * channels, height, width)
    for shape, pad in (((1, -1), (reach, reach, 0, 0)), ((-1, 1), (0, 0, reach, reach))):
        padded = functional.pad(flat, pad, mode="replicate")
        weight = kernel.view(batch * channels, 1, *shape)
        flat = functional.conv2d(padded, weight, groups=batch * channels)
    return flat.view(picture.shape)
