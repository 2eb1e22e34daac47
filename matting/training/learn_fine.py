"""Trains the fine network, behind the coarse network's own answers."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from matting.training import ageing, compose, hair, losses, packs
from matting.training.chance import Chance, blurred
from matting.training.coarse import SIDE
from matting.training.compose import Figures
from matting.training.fine import Fine
from matting.training.learn_coarse import overlap
from matting.training.learning import Course

_KNOWN = 0.85
"""Overlap with the truth from which the coarse network's own answer is refined."""
_UNIT = 2.0
"""A pixel of the coarse network's look in pixels of the scene, about."""


@dataclass(frozen=True, slots=True)
class FineRecipe:
    """How it is trained; the defaults are what the shipped weights were made with."""

    seed: int = 1
    steps: int = 4000
    scenes: int = 12
    """Scenes a batch."""
    tiles: int = 3
    """Tiles of each."""
    scene_side: int = 704
    tile_side: int = 256
    drawn: int = 120
    """Figures that are drawn."""
    rate: float = 1.5e-3
    check_every: int = 300
    minutes: float | None = None
    """Fewer steps, if those would take longer."""


def train(
    pack: Path, coarse: nn.Module, out: Path, recipe: FineRecipe, device: torch.device
) -> Fine:
    """Train, and return the running mean of the weights.

    Args:
        pack: the folder of cut-outs at a larger size: learn/ and choose/ with figures and empty.
        coarse: the network that it will follow, logits out.
        out: for checkpoints, the weights (fine.pt) and the curve (fine.jsonl).
        recipe: see there.
        device: what computes.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    learn, learn_behind = _figures(pack / "learn", recipe.drawn, device)
    choose, choose_behind = _figures(pack / "choose", 6, device, first=9000)
    network = Fine().to(device).to(memory_format=torch.channels_last)
    course = Course(
        network,
        [{"params": list(network.parameters())}],
        recipe.steps,
        recipe.rate,
        out / "fine.checkpoint",
        recipe.minutes,
    )
    chance = Chance.seeded(recipe.seed * 1000 + course.done, device)
    trial_chance = Chance.seeded(7, device)
    trial = [tiles(choose, choose_behind, coarse, trial_chance, recipe) for _ in range(6)]
    while course.done < course.steps:
        seen, truth = tiles(learn, learn_behind, coarse, chance, recipe)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            alpha = network(seen.contiguous(memory_format=torch.channels_last))
        course.step(losses.drawn(alpha.float(), truth))
        if course.done % recipe.check_every == 0 or course.done == course.steps:
            course.save()
            torch.save(course.mean.state_dict(), out / "fine.pt")
            _tell(out, course, trial)
    mean = course.mean
    assert isinstance(mean, Fine)
    return mean


def tiles(
    figures: Figures, backdrops: Tensor, coarse: nn.Module, chance: Chance, recipe: FineRecipe
) -> tuple[Tensor, Tensor]:
    """Tiles along soft edges: picture and coarse alpha, (n, 4, s, s), and truth (n, 1, s, s)."""
    side, half = recipe.scene_side, recipe.scenes // 2
    layout = compose.SceneLayout(side=side, most=2, alone=0.8, nobody=0, drawn=0.5)
    picture, truth = compose.scenes(figures, backdrops, chance, recipe.scenes, layout)
    aged, left = ageing.aged(picture[half:], truth[half:], chance, unit=_UNIT)
    mild, same = ageing.aged(picture[:half], truth[:half], chance, unit=_UNIT, amount=0.25)
    picture, truth = torch.cat([mild, aged]), torch.cat([same, left])
    said = _said(picture, truth, coarse, chance)
    return _cut(torch.cat([picture, said], 1), truth, chance, recipe)


def _said(picture: Tensor, truth: Tensor, coarse: nn.Module, chance: Chance) -> Tensor:
    """What a coarse network says, enlarged: ours, or the truth made as bad as one's answer."""
    small = functional.interpolate(picture, (SIDE, SIDE), mode="bilinear", antialias=True)
    with (
        torch.no_grad(),
        torch.autocast(picture.device.type, torch.bfloat16, enabled=picture.device.type == "cuda"),
    ):
        ours = torch.sigmoid(coarse(small)[0].float())
    size = int(chance.whole(200, 1)) + 160
    shrunk = functional.interpolate(truth, (size, size), mode="bilinear", antialias=True)
    shrunk = blurred(shrunk, chance.each(0.3, 2.2, len(truth)), 2.2)
    moved = shrunk + 0.5 * chance.clouds(shrunk, 40) * chance.each(0, 1, len(truth))
    steep = chance.each(1, 3, len(truth))
    worse = ((moved - 0.5) * steep + 0.5 + chance.each(-0.25, 0.25, len(truth))).clamp(0, 1)
    large = picture.shape[-2:]
    worse = functional.interpolate(worse, large, mode="bilinear").clamp(0, 1)
    ours = functional.interpolate(ours, large, mode="bilinear").clamp(0, 1)
    knows = (
        overlap(ours > 0.5, truth > 0.5) > _KNOWN
    )  # it rightly takes no drawn figure for a person
    use = chance.happens(0.7, len(truth)) * knows.float().view(-1, 1, 1, 1)
    said = torch.lerp(worse, ours, use)
    return torch.lerp(said, guided(said, picture), chance.happens(0.5, len(truth)))


def guided(alpha: Tensor, picture: Tensor, reach: int = 6) -> Tensor:
    """A grey guided filter (He 2010): how daemons enlarge mattes along edges."""
    grey, size = picture.mean(1, keepdim=True), 2 * reach + 1

    def mean(one: Tensor) -> Tensor:
        return functional.avg_pool2d(one, size, 1, reach, count_include_pad=False)

    centre, level = mean(grey), mean(alpha)
    slope = (mean(grey * alpha) - centre * level) / (mean(grey * grey) - centre**2 + 1e-3)
    return (mean(slope) * grey + mean(level - slope * centre)).clamp(0, 1)


def _cut(seen: Tensor, truth: Tensor, chance: Chance, recipe: FineRecipe) -> tuple[Tensor, Tensor]:
    """Windows of the scenes, most where alpha is soft."""
    side, cell = recipe.tile_side, 16
    soft = ((truth > 0.03) & (truth < 0.97)).float()
    odds = functional.avg_pool2d(soft, cell).flatten(1) + 1e-4
    wide = truth.shape[-1] // cell
    at = torch.multinomial(odds, recipe.tiles, replacement=True, generator=chance.generator)
    tops = at // wide * cell - side // 2 + chance.whole(side // 2, *at.shape) - side // 4
    lefts = at % wide * cell - side // 2 + chance.whole(side // 2, *at.shape) - side // 4
    most = truth.shape[-1] - side
    both = torch.cat([seen, truth], 1)
    cut = [
        both[scene, :, top : top + side, left : left + side]
        for scene, (ys, xs) in enumerate(
            zip(tops.clamp(0, most).tolist(), lefts.clamp(0, most).tolist(), strict=True)
        )
        for top, left in zip(ys, xs, strict=True)
    ]
    stacked = torch.stack(cut)
    return stacked[:, :4], stacked[:, 4:]


def _figures(
    folder: Path, drawn: int, device: torch.device, first: int = 0
) -> tuple[Figures, Tensor]:
    real, backdrops = packs.read_figures(folder, device)
    side = real.colours.shape[-1]
    with ProcessPoolExecutor() as pool:
        made = list(pool.map(hair.figure, range(first, first + drawn), [side] * drawn))
    colours = torch.from_numpy(np.stack([one for one, _ in made])).permute(0, 3, 1, 2)
    alpha = torch.from_numpy(np.stack([one for _, one in made]))[:, None]
    return Figures(
        torch.cat([real.colours, colours.to(device)]),
        torch.cat([real.alpha, alpha.to(device)]),
        torch.cat([real.aspect, torch.ones(drawn, device=device)]),
        torch.cat([real.cut, torch.ones(drawn, dtype=torch.bool, device=device)]),
    ), backdrops


def _tell(out: Path, course: Course, trial: list[tuple[Tensor, Tensor]]) -> None:
    """The error where alpha is soft, before and after."""
    before, after = [], []
    for seen, truth in trial:
        soft = (truth > 0.03) & (truth < 0.97)
        with torch.no_grad():
            alpha = course.mean(seen).clamp(0, 1)
        before.append((seen[:, 3:] - truth).abs()[soft].mean())
        after.append((alpha - truth).abs()[soft].mean())
    figures = {
        "coarse": float(torch.stack(before).mean()),
        "refined": float(torch.stack(after).mean()),
    }
    course.told(" ".join(f"{name} {value:.4f}" for name, value in figures.items()))
    with (out / "fine.jsonl").open("a") as curve:
        curve.write(json.dumps({"step": course.done, **figures}) + "\n")
    seen, truth = trial[0]
    with torch.no_grad():
        alpha = course.mean(seen[:6]).clamp(0, 1)
    rows = [seen[:6, :3], *(one.expand(-1, 3, -1, -1) for one in (seen[:6, 3:], alpha, truth[:6]))]
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1).permute(1, 2, 0)
    picture = (sheet.clamp(0, 1) * 255).byte().cpu().numpy()
    cv2.imwrite(str(out / "fine.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
