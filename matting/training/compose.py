"""Scenes whose alpha is known exactly: cut-out figures put over backdrops, in batches.

What the cut-out's alpha was worth on its own photo does not matter: on the composed scene it is
the truth by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from matting.training.chance import Chance, blurred, places


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Cut-outs, each squeezed into the same square; uint8."""

    colours: Tensor
    """(count, 3, side, side) RGB, freed of the old background."""
    alpha: Tensor
    """(count, 1, side, side)."""
    aspect: Tensor
    """(count,) width / height before squeezing."""
    cut: Tensor
    """(count,) bool: it ends at the picture's lower rim, as portraits do."""

    def __len__(self) -> int:
        """How many."""
        return len(self.colours)


@dataclass(frozen=True, slots=True)
class SceneLayout:
    """How a batch of scenes is made."""

    side: int = 320
    most: int = 6
    """Figures a scene at most."""
    alone: float = 0.5
    """Share of scenes with one figure."""
    nobody: float = 0.06
    """Share of scenes with none."""
    thing: float = 0.35
    """Share of scenes with an animal or an object behind the figures; with one before them, 0.4
    of that."""
    drawn: float = 0.45
    """Share of backdrops that are drawn, the rest are photos without people."""


def scenes(
    figures: Figures,
    backdrops: Tensor,
    chance: Chance,
    batch: int,
    layout: SceneLayout,
    things: Figures | None = None,
) -> tuple[Tensor, Tensor]:
    """Compose a batch.

    Args:
        figures: who may appear.
        things: what may stand behind or before them and is nobody: animals, furniture.
        backdrops: (count, 3, side, side) uint8, pictures without people, squeezed.
        chance: where the draws come from.
        batch: how many scenes.
        layout: see there.

    Returns:
        (batch, 3, side, side) and (batch, 1, side, side), 0..1: the picture squeezed to a square
        as the network sees it, and its alpha.
    """
    picture = behind(backdrops, chance, batch, layout)
    alpha = torch.zeros_like(picture[:, :1])
    many = _how_many(chance, batch, layout)
    aspect = torch.exp(chance.uniform(-0.55, 0.55, batch))
    if things is not None:
        picture, alpha = _with_thing(picture, alpha, things, chance, (aspect, layout.thing))
    for place in range(layout.most):
        there = (many > place).float().view(-1, 1, 1, 1)
        if not bool(there.any()):
            break
        chosen = _chosen(figures, chance, batch)
        theta = _placed(figures, chosen, chance, (many, place), aspect)
        colours, cover = _drawn(figures, chosen, theta, layout.side)
        cover = cover * there
        colours = _relit(colours, chance)
        picture = _shaded(picture, cover, chance)
        picture = picture * (1 - cover) + colours * cover
        alpha = alpha + cover - alpha * cover
    if things is not None:
        how = aspect, layout.thing * 0.4
        picture, alpha = _with_thing(picture, alpha, things, chance, how)
    return picture.clamp(0, 1), alpha


def behind(backdrops: Tensor, chance: Chance, batch: int, layout: SceneLayout) -> Tensor:
    """Backdrops: parts of photos without people, or drawn ones."""
    taken = backdrops[chance.whole(len(backdrops), batch)].float() / 255
    photos = functional.grid_sample(
        taken,
        functional.affine_grid(
            _window(chance, batch, 0.35), [batch, 3, layout.side, layout.side], align_corners=False
        ),
        mode="bilinear",
        padding_mode="reflection",
        align_corners=False,
    )
    return torch.lerp(photos, _backdrop(photos, chance), chance.happens(layout.drawn, batch))


def _how_many(chance: Chance, batch: int, layout: SceneLayout) -> Tensor:
    draw = chance.uniform(0, 1, batch)
    several = 2 + chance.whole(max(1, layout.most - 1), batch)
    many = torch.where(draw < layout.nobody + layout.alone, torch.ones_like(several), several)
    return torch.where(draw < layout.nobody, torch.zeros_like(several), many)


def _chosen(figures: Figures, chance: Chance, batch: int) -> Tensor:
    """Whole figures as often as portraits, of which there are many more."""
    cut = figures.cut.float()
    odds = cut / cut.sum().clamp(min=1) + (1 - cut) / (1 - cut).sum().clamp(min=1)
    return torch.multinomial(odds, batch, replacement=True, generator=chance.generator)


def joined(first: Figures, second: Figures) -> Figures:
    """Both; the second's squares are resized to the first's."""
    size = first.colours.shape[-2:]

    def fitted(one: Tensor) -> Tensor:
        return functional.interpolate(one.float(), size, mode="bilinear", antialias=True).byte()

    return Figures(
        torch.cat([first.colours, fitted(second.colours)]),
        torch.cat([first.alpha, fitted(second.alpha)]),
        torch.cat([first.aspect, second.aspect]),
        torch.cat([first.cut, second.cut]),
    )


def _placed(
    figures: Figures, chosen: Tensor, chance: Chance, where: tuple[Tensor, int], aspect: Tensor
) -> Tensor:
    """Matrices from the scene's coordinates to the figure's, (batch, 2, 3)."""
    many, place = where
    batch = len(chosen)
    crowd = (many > 1).float()
    single = torch.exp(chance.uniform(-1.7, 0.25, batch))
    group = torch.exp(chance.uniform(-0.35, 0.25, batch)) * 1.1 / many.clamp(min=1).float() ** 0.6
    height = torch.where(crowd > 0, group, single)
    width = height * figures.aspect[chosen] / aspect * torch.exp(chance.uniform(-0.1, 0.1, batch))
    squash = (1.3 / width).clamp(max=1)
    height, width = height * squash, width * squash
    spread = (place + 0.5) / many.clamp(min=1).float() * 2 - 1
    across = torch.where(
        crowd > 0,
        spread * 0.85 + chance.uniform(-0.25, 0.25, batch),
        chance.uniform(-0.55, 0.55, batch),
    )
    floor = 1 - height + chance.uniform(0, 0.25, batch) * height
    row = chance.uniform(-0.5, 0.4, batch) * (1 - place / 6)
    anywhere = torch.where(crowd > 0, row, chance.uniform(-0.5, 0.6, batch))
    stands = figures.cut[chosen] & (chance.uniform(0, 1, batch) < 0.8 - 0.4 * crowd)
    down = torch.where(stands, floor, anywhere)
    turn = chance.normal(batch) * 0.06
    flip = torch.where(chance.uniform(0, 1, batch) < 0.5, -1.0, 1.0)
    first = torch.stack([flip / width, turn / width, -(across + turn * down) * flip / width], 1)
    first[:, 1] *= flip
    second = torch.stack([-turn / height, 1 / height, -(down - turn * across) / height], 1)
    return torch.stack([first, second], 1)


def _drawn(figures: Figures, chosen: Tensor, theta: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The figures on the scene's canvas; small ones come from smaller copies, or they flicker."""
    colours = torch.zeros(len(chosen), 3, side, side, device=theta.device)
    alpha = torch.zeros(len(chosen), 1, side, side, device=theta.device)
    steps = figures.colours.shape[-1] / side * theta[:, 1, 1].abs()
    for level in range(4):
        low, high = 1.5 * 2 ** (level - 1), 1.5 * 2**level
        here = ((steps >= low) | (level == 0)) & ((steps < high) | (level == 3))
        if not bool(here.any()):
            continue
        cut = (
            torch.cat([figures.colours[chosen[here]], figures.alpha[chosen[here]]], 1).float() / 255
        )
        cut = functional.avg_pool2d(cut, 2**level) if level else cut
        grid = functional.affine_grid(theta[here], [len(cut), 4, side, side], align_corners=False)
        colours[here] = functional.grid_sample(
            cut[:, :3], grid, padding_mode="border", align_corners=False
        )
        alpha[here] = functional.grid_sample(cut[:, 3:], grid, align_corners=False)
    return colours, alpha


def _relit(colours: Tensor, chance: Chance) -> Tensor:
    batch = len(colours)
    bent = colours.clamp(0.001, 1) ** torch.exp(chance.each(-0.5, 0.5, batch))
    return bent * chance.each(0.7, 1.15, batch) * chance.each(0.9, 1.1, batch, 3)


def _with_thing(
    picture: Tensor, alpha: Tensor, things: Figures, chance: Chance, how: tuple[Tensor, float]
) -> tuple[Tensor, Tensor]:
    """An animal or an object that is nobody, in some of the pictures; it hides who is behind it."""
    aspect, share = how
    chosen = chance.whole(len(things), len(picture))
    one = torch.ones(len(picture), dtype=torch.int64, device=picture.device)
    theta = _placed(things, chosen, chance, (one, 0), aspect)
    colours, cover = _drawn(things, chosen, theta, picture.shape[-1])
    cover = cover * chance.happens(share, len(picture))
    colours = _relit(colours, chance)
    picture = _shaded(picture, cover, chance)
    return picture * (1 - cover) + colours * cover, alpha * (1 - cover)


def _shaded(picture: Tensor, cover: Tensor, chance: Chance) -> Tensor:
    """The figure's soft shadow on what is behind it."""
    batch, small = len(picture), functional.avg_pool2d(cover, 4)
    step = max(1, int(small.shape[-1] * 0.04))
    moved = torch.roll(small, (int(chance.whole(2 * step, 1)) - step, step), (3, 2))
    soft = blurred(moved, chance.each(0.5, 2.2, batch), 2.2)
    soft = functional.interpolate(soft, picture.shape[-2:], mode="bilinear")
    return picture * (1 - soft * chance.each(0, 0.6, batch) * chance.happens(0.4, batch))


def _window(chance: Chance, batch: int, least: float) -> Tensor:
    """Random windows of a picture, mirrored or not, as affine matrices."""
    size = chance.uniform(least, 1, batch)
    shape = torch.exp(chance.uniform(-0.2, 0.2, batch))
    wide, high = (size * shape).clamp(max=1), (size / shape).clamp(max=1)
    across = chance.uniform(-1, 1, batch) * (1 - wide)
    down = chance.uniform(-1, 1, batch) * (1 - high)
    flip = torch.where(chance.uniform(0, 1, batch) < 0.5, -1.0, 1.0)
    none = torch.zeros_like(wide)
    first = torch.stack([wide * flip, none, across], 1)
    return torch.stack([first, torch.stack([none, high, down], 1)], 1)


def windowed(pictures: list[Tensor], chance: Chance, *, least: float, side: int) -> list[Tensor]:
    """The same random window of several pictures, (batch, channels, h, w), enlarged to a square."""
    theta = _window(chance, len(pictures[0]), least)
    shape = [len(theta), 1, side, side]
    grid = functional.affine_grid(theta, shape, align_corners=False)
    return [
        functional.grid_sample(one, grid, padding_mode="border", align_corners=False)
        for one in pictures
    ]


def _backdrop(like: Tensor, chance: Chance) -> Tensor:
    """A studio's backdrop, painted canvas, foliage, or a room of rectangles."""
    batch, _, _, side = like.shape
    x, y = places(like)
    base = chance.each(0.1, 0.95, batch) * chance.each(0.8, 1.15, batch, 3)
    light = chance.each(-0.4, 0.4, batch) * (x - 0.5) + chance.each(-0.4, 0.4, batch) * (y - 0.5)
    tone = light + 0.3 * chance.each(0, 1, batch) ** 2 * chance.clouds(like, 4)
    for cells in (9, 25, 70):
        rough = chance.each(0, 1, batch) ** 3 * 0.5
        tone = tone + rough * chance.clouds(like, min(cells, side / 2))
    for _ in range(4):
        left, top = chance.each(-0.2, 0.9, batch), chance.each(-0.2, 0.9, batch)
        wide, high = chance.each(0.03, 0.7, batch), chance.each(0.03, 0.9, batch)
        inside = (x > left) & (x < left + wide) & (y > top) & (y < top + high)
        tone = tone + inside.float() * chance.each(-0.4, 0.4, batch) * chance.happens(0.3, batch)
    return (base + tone).clamp(0, 1)
