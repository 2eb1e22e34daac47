"""Making pictures old: what time, printers and drawers do to photographs, on whole batches.

Each kind of damage is a function (picture, chance, unit) -> picture, 0..1 RGB in and out; each
picture of the batch meets it or not. ``unit`` is a pixel of the network's square look in pixels
of the picture: 1 for the coarse network, about 3 for tiles at the photo's own size. What hides
the person, and so changes alpha too, is in ``hiding``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from matting.training import hiding
from matting.training.chance import Chance, blurred, places

Damage = Callable[[Tensor, Chance, float], Tensor]

_LUMA: Final = (0.299, 0.587, 0.114)


def toned(picture: Tensor, chance: Chance, _: float) -> Tensor:
    """One colour: panchromatic or blind to red, then sepia, cyan or neutral, faded."""
    batch = len(picture)
    weights = chance.each(0.02, 1, batch, 3) * picture.new_tensor(_LUMA).view(1, 3, 1, 1) + 0.02
    grey = (picture * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)
    grey = grey.clamp(0.001, 1) ** torch.exp(chance.each(-0.6, 0.6, batch))
    black, white = chance.each(0, 0.35, batch) ** 1.5, 1 - chance.each(0, 0.45, batch) ** 1.5
    faded = black + (white - black).clamp(min=0.2) * grey
    warm = chance.each(-0.08, 0.35, batch) * chance.happens(0.7, batch)
    tint = torch.cat([1 + 0.35 * warm, 1 + 0.0 * warm, 1 - warm], 1)
    return faded * tint


def faded(picture: Tensor, chance: Chance, _: float) -> Tensor:
    """A colour print that lost contrast and got a cast."""
    batch = len(picture)
    mean = picture.mean((1, 2, 3), keepdim=True)
    weak = mean + (picture - mean) * chance.each(0.35, 1.3, batch)
    return weak * chance.each(0.75, 1.2, batch, 3) + chance.each(-0.1, 0.15, batch, 3)


def lit(picture: Tensor, chance: Chance, _: float) -> Tensor:
    """Unevenly lit or darkened towards the rim."""
    batch = len(picture)
    x, y = places(picture)
    slope = (
        1 + chance.each(-0.4, 0.4, batch) * (x - 0.5) + chance.each(-0.4, 0.4, batch) * (y - 0.5)
    )
    rim = ((x - 0.5) ** 2 + (y - 0.5) ** 2) * 2
    return picture * slope * (1 + chance.each(-0.9, 0.3, batch) * rim)


def stained(picture: Tensor, chance: Chance, _: float) -> Tensor:
    """Blotches of damp and foxing: brown, or bleached."""
    batch = len(picture)
    cells = float(chance.uniform(3, 14, 1))
    blot = (chance.clouds(picture, cells) - chance.each(0.05, 0.5, batch)).clamp(min=0)
    sharp = (blot * chance.each(2, 12, batch)).clamp(max=1) * chance.each(0.1, 0.6, batch)
    brown = chance.each(0.3, 1.1, batch) * picture.new_tensor([1.0, 0.85, 0.6]).view(1, 3, 1, 1)
    return picture * (1 - sharp) + sharp * brown.clamp(max=1)


def softened(picture: Tensor, chance: Chance, unit: float) -> Tensor:
    """Out of focus, or moved."""
    return blurred(picture, chance.each(0.2, 1.4, len(picture)) * unit, 1.4 * unit)


def coarsened(picture: Tensor, chance: Chance, unit: float) -> Tensor:
    """Scanned small and enlarged."""
    factor = float(chance.uniform(0.35, 0.9, 1)) / max(1.0, unit / 2)
    small = functional.interpolate(picture, scale_factor=factor, mode="bilinear", antialias=True)
    return functional.interpolate(small, picture.shape[-2:], mode="bilinear")


def grainy(picture: Tensor, chance: Chance, unit: float) -> Tensor:
    """Film grain, of one size a batch, stronger in some pictures."""
    batch, channels, height, width = picture.shape
    size = float(chance.uniform(1, max(1.5, unit), 1))
    one = chance.normal(batch, 1, round(height / size), round(width / size))
    grain = functional.interpolate(one, (height, width), mode="bilinear")
    colour = chance.normal(*picture.shape) * chance.happens(0.2, batch) * 0.7
    strength = chance.each(0, 1, batch) ** 2 * 0.12
    return picture + strength * (grain.expand(-1, channels, -1, -1) + colour)


def halftone(picture: Tensor, chance: Chance, unit: float) -> Tensor:
    """A printer's screen."""
    batch = len(picture)
    x, y = places(picture)
    pixels = picture.shape[-1] / chance.each(2.2, 5, batch) / max(1.0, unit * 0.6)
    angle = chance.each(0, math.pi / 2, batch)
    along = (x * angle.cos() + y * angle.sin()) * pixels * 2 * math.pi
    across = (y * angle.cos() - x * angle.sin()) * pixels * 2 * math.pi
    screen = along.sin() * across.sin()
    grey = picture.mean(1, keepdim=True)
    dots = torch.sigmoid((grey - 0.5 + 0.5 * screen) * chance.each(3, 12, batch))
    return picture + (dots - grey) * chance.each(0.2, 1, batch)


def scratched(picture: Tensor, chance: Chance, unit: float, lines: int = 10) -> Tensor:
    """Thin lines, mostly upright, lighter or darker."""
    batch = len(picture)
    x, y = places(picture)
    lean = chance.each(-0.12, 0.12, batch, lines) + chance.happens(0.25, batch, lines) * 4
    bend = chance.each(-0.3, 0.3, batch, lines)
    place = chance.each(-0.2, 1.2, batch, lines) + chance.happens(0.15, batch, lines) * 2
    off = x - place - lean * (y - 0.5) - bend * (y - 0.5) ** 2
    away = off.abs() / (1 + lean**2).sqrt() * picture.shape[-1]
    start, length = chance.each(-0.5, 0.8, batch, lines), chance.each(0.2, 2, batch, lines)
    there = ((y > start) & (y < start + length)).float() * chance.happens(0.6, batch, lines)
    width = (0.15 + 2.2 * chance.each(0, 1, batch) ** 2 * chance.each(0.3, 1, batch, lines)) * unit
    cover = (width + 0.5 - away).clamp(0, 1) * width.clamp(max=1)
    cover = (cover * there * chance.each(0.4, 1, batch, lines)).amax(1, keepdim=True)
    return picture * (1 - cover) + cover * _ink(picture, chance)


def folded(picture: Tensor, chance: Chance, unit: float) -> Tensor:
    """One or two folds from side to side, with the emulsion gone and a shade beside."""
    batch = len(picture)
    for angle in (0.0, math.pi / 2):
        x, y = places(picture)
        turn = angle + chance.each(-0.15, 0.15, batch)
        off = (x - chance.each(0.2, 0.8, batch)) * turn.cos()
        off = off + (y - chance.each(0.2, 0.8, batch)) * turn.sin()
        off = off + 0.006 * chance.clouds(picture, 12)
        pixels = off * picture.shape[-1] / unit
        line = torch.exp(-((pixels / chance.each(0.3, 3, batch)) ** 2)) * chance.each(0.2, 1, batch)
        shade = torch.exp(-pixels.abs() / chance.each(3, 14, batch)) * (pixels > 0).float()
        there = chance.happens(0.5, batch)
        dark = 1 - there * shade * chance.each(0, 0.35, batch)
        picture = picture * dark * (1 - there * line) + there * line * _ink(picture, chance)
    return picture


def specked(picture: Tensor, chance: Chance, unit: float) -> Tensor:
    """Dust and pinholes."""
    batch, _, height, width = picture.shape
    many = chance.each(0, 1, batch) ** 2 * 1500
    for size in (1, 3, 5):
        reach = 2 * round((size * max(1.0, unit) - 1) / 2) + 1
        odds = many / size / (height * width)
        points = chance.uniform(0, 1, batch, 1, height, width) < odds
        cover = functional.max_pool2d(points.float(), reach, 1, reach // 2)
        most = math.sqrt(unit)
        cover = blurred(cover, chance.each(0.3, 0.9, batch) * most, most).clamp(max=1)
        cover = cover * chance.each(0.4, 1, batch)
        picture = picture * (1 - cover) + cover * _ink(picture, chance)
    return picture


def crackled(picture: Tensor, chance: Chance, unit: float) -> Tensor:
    """Crazed emulsion: winding cracks, where a smooth noise is about 0."""
    batch = len(picture)
    cells = float(chance.uniform(4, 20, 1))
    wave = chance.clouds(picture, cells)
    width = chance.each(0.3, 1.2, batch) * unit * 2 * cells / picture.shape[-1]
    where = (chance.clouds(picture, 4) > chance.each(-0.2, 0.6, batch)).float()
    cover = (1 - wave.abs() / width).clamp(0, 1) * where * chance.each(0.2, 0.9, batch)
    return picture * (1 - cover) + cover * _ink(picture, chance)


def jpeg(picture: Tensor, chance: Chance, _: float) -> Tensor:
    """Blocks of 8 x 8, their cosines rounded: JPEG without its colour subsampling."""
    batch, channels, height, width = picture.shape
    high, wide = height - height % 8, width - width % 8
    basis = _cosines(picture)
    part = picture[..., :high, :wide].reshape(batch * channels, high // 8, 8, wide // 8, 8)
    waves = torch.einsum("ui,nyixj,vj->nyuxv", basis, part - 0.5, basis)
    at = torch.arange(8, device=picture.device).float()
    steep = (1 + at.view(8, 1) + at.view(1, 8)).view(1, 1, 8, 1, 8)
    step = (
        chance.each(0.003, 0.04, batch).expand(-1, channels, 1, 1).reshape(-1, 1, 1, 1, 1) * steep
    )
    rounded = (waves / step).round() * step
    back = torch.einsum("ui,nyuxv,vj->nyixj", basis, rounded, basis) + 0.5
    whole = picture.clone()
    whole[..., :high, :wide] = back.reshape(batch, channels, high, wide)
    return whole


MARKS: Final[tuple[tuple[float, Damage], ...]] = (
    (0.25, stained),
    (0.45, scratched),
    (0.35, folded),
    (0.4, specked),
    (0.12, crackled),
)
"""What happens to prints, with the share of pictures that it happens to."""
OPTICS: Final[tuple[tuple[float, Damage], ...]] = (
    (0.3, lit),
    (0.45, softened),
    (0.25, coarsened),
)
PRINT: Final[tuple[tuple[float, Damage], ...]] = (
    (0.6, grainy),
    (0.12, halftone),
    (0.4, jpeg),
)
_HIDING: Final = ((0.12, hiding.torn), (0.14, hiding.framed), (0.14, hiding.bordered))


def aged(
    picture: Tensor, alpha: Tensor, chance: Chance, *, unit: float = 1.0, amount: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Age a batch.

    Args:
        picture: (batch, 3, height, width), 0..1 RGB.
        alpha: (batch, 1, height, width), 0..1.
        chance: where the draws come from.
        unit: see the module.
        amount: share of the usual odds; a photo that is old already wants less.

    Returns:
        The aged picture, 0..1, and the alpha that is still to be seen.
    """
    batch = len(picture)
    picture = _some(picture, chance, unit, amount, OPTICS)
    colour = chance.happens(0.65 * amount, batch)
    picture = torch.lerp(faded(picture, chance, unit), toned(picture, chance, unit), colour)
    for share, hide in _HIDING:
        there = chance.happens(share * amount, batch)
        hidden, less = hide(picture, alpha, chance)
        picture, alpha = torch.lerp(picture, hidden, there), torch.lerp(alpha, less, there)
    picture = _some(picture.clamp(0, 1), chance, unit, amount, MARKS)
    picture = _some(picture, chance, unit, amount, PRINT)
    return picture.clamp(0, 1), alpha


def _some(
    picture: Tensor,
    chance: Chance,
    unit: float,
    amount: float,
    damages: tuple[tuple[float, Damage], ...],
) -> Tensor:
    """Only pictures that meet a damage are given to it: half of the work on a processor."""
    picture = picture.clone()
    for share, damage in damages:
        there = chance.happens(share * amount, len(picture)).flatten() > 0
        if bool(there.any()):
            picture[there] = damage(picture[there], chance, unit)
    return picture


def _ink(picture: Tensor, chance: Chance) -> Tensor:
    """The colour of a mark: mostly paper white, else dark."""
    batch = len(picture)
    light = chance.happens(0.75, batch)
    tone = light * chance.each(0.75, 1, batch) + (1 - light) * chance.each(0, 0.3, batch)
    return tone * picture.new_tensor([1.0, 0.97, 0.9]).view(1, 3, 1, 1)


def _cosines(like: Tensor) -> Tensor:
    at = torch.arange(8, device=like.device).float()
    waves = torch.cos((2 * at.view(1, 8) + 1) * at.view(8, 1) * math.pi / 16) / 2
    waves[0] /= math.sqrt(2)
    return waves
