"""The pictures that choose between weights of the coarse network, and what they say of some.

Composed ones with exact alpha, fresh and aged, photos on which the teachers agree, and photos
without people; nobody of them is learnt from, and no figure that is told of the weights is theirs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from matting.training import ageing, compose, labels, packs
from matting.training.chance import Chance
from matting.training.coarse import SIDE

ASKED_SIDE = 256
"""Rows and columns as the engine asks."""
_AGREED = 0.8
"""Intersection over union of the search with a teacher, from which a photo counts."""
_SHARES = {"fresh": 0.3, "aged": 0.4, "agreed": 0.3, "missed": -0.3, "invented": -0.3}
"""Of the figures in the score."""


class Trial:
    """Always the same pictures."""

    def __init__(self, choose: packs.Pack, device: torch.device, many: int) -> None:
        """Compose the scenes.

        Args:
            choose: the part of the pack.
            device: where they shall lie.
            many: scenes, and at most as many photos.
        """
        chance = Chance.seeded(7, device)
        layout = compose.SceneLayout(side=ASKED_SIDE, nobody=0)
        scenes = [
            compose.scenes(choose.figures, choose.backdrops, chance, many // 3, layout)
            for _ in range(3)
        ]
        self.fresh = torch.cat([one for one, _ in scenes])
        self.alpha = torch.cat([one for _, one in scenes])
        self.aged, self.left = ageing.aged(self.fresh, self.alpha, chance, unit=ASKED_SIDE / SIDE)
        self.photos = self._seen(choose.people.pictures[:many])
        said = choose.people.labels[:many].float() / 255
        whole, search, salient = functional.interpolate(
            said, (ASKED_SIDE,) * 2, mode="bilinear"
        ).split(1, 1)
        self.search = search > 0.5
        backed = [overlap(self.search, other > 0.5) for other in (whole, salient)]
        self.agreed = torch.maximum(*backed) > _AGREED
        self.empty = self._seen(choose.backdrops[:many])

    def _seen(self, pictures: Tensor) -> Tensor:
        return functional.interpolate(
            pictures.float() / 255, (ASKED_SIDE,) * 2, mode="bilinear", antialias=True
        )

    def measure(self, look: labels.Look) -> dict[str, float]:
        """Mean overlap of fresh, aged and agreed ones, and the shares missed and invented."""
        photos, empty = _all(look, self.photos), _all(look, self.empty)
        return {
            "fresh": float(overlap(_all(look, self.fresh), self.alpha > 0.5).mean()),
            "aged": float(overlap(_all(look, self.aged), self.left > 0.5).mean()),
            "agreed": float(overlap(photos, self.search)[self.agreed].mean()),
            "missed": float((photos.float().mean((1, 2, 3)) < 0.02).float().mean()),
            "invented": float((empty.float().mean((1, 2, 3)) > 0.05).float().mean()),
        }


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of masks, one a picture; 1 where both are empty."""
    both = (first & second).sum((1, 2, 3)).float()
    either = (first | second).sum((1, 2, 3)).float()
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)


def _all(look: labels.Look, pictures: Tensor) -> Tensor:
    return torch.cat([look(one) > 0.5 for one in pictures.split(32)])


def score(figures: dict[str, float]) -> float:
    """One number to choose by; more is better."""
    return sum(share * figures[name] for name, share in _SHARES.items())


def looking(network: nn.Module) -> labels.Look:
    """A look of the coarse network, in half precision."""
    device = next(network.parameters()).device

    def look(pictures: Tensor) -> Tensor:
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            seen = pictures.contiguous(memory_format=torch.channels_last)
            return torch.sigmoid(network(seen)[0].float())

    return look
