"""What hides a part of the person: torn corners, frames and page borders, on whole batches.

Each is a function (picture, alpha, chance) -> (picture, alpha), 0..1 in and out.
"""

from __future__ import annotations

import torch
from torch import Tensor

from matting.training.chance import Chance, places


def torn(picture: Tensor, alpha: Tensor, chance: Chance) -> tuple[Tensor, Tensor]:
    """Corners torn off, ragged."""
    batch = len(picture)
    x, y = places(picture)
    ragged = 0.02 * chance.clouds(picture, 24) + 0.03 * chance.clouds(picture, 7)
    inside = torch.ones_like(alpha)
    for across, down in ((x, y), (1 - x, y), (x, 1 - y), (1 - x, 1 - y)):
        reach = chance.each(0.02, 0.25, batch) * chance.happens(0.4, batch)
        slope = chance.each(0.5, 2, batch)
        inside = inside * ((across * slope + down + ragged - reach) * 80).clamp(0, 1)
    return _hidden(picture, alpha, inside, chance)


def framed(picture: Tensor, alpha: Tensor, chance: Chance) -> tuple[Tensor, Tensor]:
    """An oval mount or a vignette fading to paper."""
    batch = len(picture)
    x, y = places(picture)
    wide, high = chance.each(0.32, 0.62, batch), chance.each(0.36, 0.62, batch)
    across, down = (
        (x - chance.each(0.46, 0.54, batch)) / wide,
        (y - chance.each(0.46, 0.54, batch)) / high,
    )
    power = 2 + chance.happens(0.2, batch) * 6
    off = (across.abs() ** power + down.abs() ** power) ** (1 / power)
    steep = 60 * chance.happens(0.6, batch) + chance.each(3, 12, batch)
    return _hidden(picture, alpha, ((1 - off) * steep + 0.5).clamp(0, 1), chance)


def bordered(picture: Tensor, alpha: Tensor, chance: Chance) -> tuple[Tensor, Tensor]:
    """The page or the card around the print."""
    batch = len(picture)
    x, y = places(picture)
    inside = torch.ones_like(alpha)
    for place in (x, 1 - x, y, 1 - y):
        margin = chance.each(0, 0.12, batch) * chance.happens(0.8, batch)
        inside = inside * ((place - margin) * 200).clamp(0, 1)
    return _hidden(picture, alpha, inside, chance)


def _hidden(
    picture: Tensor, alpha: Tensor, inside: Tensor, chance: Chance
) -> tuple[Tensor, Tensor]:
    batch = len(picture)
    tone = torch.where(
        chance.happens(0.75, batch) > 0, chance.each(0.7, 1, batch), chance.each(0, 0.3, batch)
    )
    paper = tone * chance.each(0.9, 1, batch, 3) + 0.03 * chance.clouds(picture, 30)
    return picture * inside + paper * (1 - inside), alpha * inside
