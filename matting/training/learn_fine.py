"""Trains the fine network on composed prints, behind what closed form makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matting.training import fine_scenes, losses
from matting.training.fine import Fine
from matting.training.learning import Course

_SHRUNK, _AS_IT_IS = (0.35, 1.0), 0.6
"""Down to which scale tiles are of a smaller scene, and the share that are not."""
_AT_EDGE = 0.93
"""Share of tiles that have some of the band in their middle."""


@dataclass(frozen=True, slots=True)
class FineRecipe:
    """How it is trained; the defaults are nearly what the shipped weights were made with.

    The first 1,000 steps had other weights of the losses, and some scenes another recipe
    (docs/weights.md).
    """

    seed: int = 1
    steps: int = 11000
    scenes: int = 600
    """Composed once; tiles are cut from them."""
    tiles: int = 6
    """A step."""
    tile_side: int = 192
    rate: float = 2e-3
    check_every: int = 500
    minutes: float | None = None
    """Fewer steps, if those would take longer."""


def train(
    pack: Path, out: Path, recipe: FineRecipe, device: torch.device, start: Path | None = None
) -> Fine:
    """Train, and return the running mean of the weights.

    Args:
        pack: a folder with learn/scenes and choose/scenes; see ``fine_scenes``.
        out: for checkpoints, the weights (fine.pt) and the curve (fine.jsonl).
        recipe: see there.
        device: what computes.
        start: weights to go on from.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    network = Fine()
    if start is not None:
        network.load_state_dict(torch.load(start, map_location="cpu", weights_only=True))
    network = network.to(device).to(memory_format=torch.channels_last)
    course = Course(
        network,
        [{"params": list(network.parameters())}],
        recipe.steps,
        recipe.rate,
        out / "fine.checkpoint",
        recipe.minutes,
    )
    learn = list(fine_scenes.scenes(pack / "learn"))
    trial = _trial(list(fine_scenes.scenes(pack / "choose")), recipe, device)
    rng = np.random.default_rng([recipe.seed, course.done])
    while course.done < course.steps:
        seen, truth, band = batch(learn, rng, recipe, device)
        with torch.autocast(device.type, torch.bfloat16):
            alpha = network(seen.contiguous(memory_format=torch.channels_last))
        course.step(losses.drawn(alpha.float(), truth, band))
        if course.done % recipe.check_every == 0 or course.done == course.steps:
            course.save()
            torch.save(course.mean.state_dict(), out / "fine.pt")
            _tell(out, course, trial)
    mean = course.mean
    assert isinstance(mean, Fine)
    return mean


Batch = tuple[Tensor, Tensor, Tensor]
"""What is seen, (n, 6, s, s), see ``fine``; truth and band, (n, 1, s, s); all 0..1."""


def batch(
    scenes: list[NDArray[np.uint8]],
    rng: np.random.Generator,
    recipe: FineRecipe,
    device: torch.device,
) -> Batch:
    """Tiles of as many scenes."""
    cut = [_tile(scenes[rng.integers(len(scenes))], rng, recipe) for _ in range(recipe.tiles)]
    every = torch.from_numpy(np.stack(cut)).to(device).permute(0, 3, 1, 2).float() / 255
    every[:, 5] = (every[:, 5] > 0.5).float()
    return every[:, :6], every[:, 6:], every[:, 5:6]


def _tile(
    scene: NDArray[np.uint8], rng: np.random.Generator, recipe: FineRecipe
) -> NDArray[np.uint8]:
    """A window of a scene, mirrored and relit by chance; most have some of the band inside."""
    scale = 1.0 if rng.random() < _AS_IT_IS else rng.uniform(*_SHRUNK)
    side = recipe.tile_side
    span = min(round(side / scale), *scene.shape[:2])
    top, left = _corner(scene[..., 5], span, rng)
    part = np.asarray(scene[top : top + span, left : left + span])
    if span > side:
        # OpenCV averages no more than four planes.
        some, size = (part[..., :3], part[..., 3:6], part[..., 6]), (side, side)
        part = np.dstack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in some])
    elif span < side:
        part = cv2.copyMakeBorder(part, 0, side - span, 0, side - span, cv2.BORDER_REFLECT_101)
    part = part[:, ::-1] if rng.random() < 0.5 else part
    part = np.ascontiguousarray(part)
    part[..., :3] = (
        cv2.convertScaleAbs(part[..., :3], alpha=rng.uniform(0.75, 1.15), beta=rng.uniform(-20, 20))
        if rng.random() < 0.5
        else part[..., :3]
    )
    return part


def _corner(band: NDArray[np.uint8], span: int, rng: np.random.Generator) -> tuple[int, int]:
    most = band.shape[0] - span, band.shape[1] - span
    corner = int(rng.integers(most[0] + 1)), int(rng.integers(most[1] + 1))
    if rng.random() > _AT_EDGE:
        return corner
    rows, columns = np.nonzero(band[::8, ::8])
    if not len(rows):
        return corner
    at = rng.integers(len(rows))
    shift = rng.uniform(0.25, 0.75, 2) * span
    top, left = rows[at] * 8 - shift[0], columns[at] * 8 - shift[1]
    return int(np.clip(top, 0, most[0])), int(np.clip(left, 0, most[1]))


def _trial(
    scenes: list[NDArray[np.uint8]], recipe: FineRecipe, device: torch.device
) -> list[Batch]:
    rng = np.random.default_rng(7)
    return [batch(scenes, rng, recipe, device) for _ in range(12)]


def _tell(out: Path, course: Course, trial: list[Batch]) -> None:
    """The error in the band and where alpha is soft, before and after."""
    figures: dict[str, list[Tensor]] = {}
    for seen, truth, band in trial:
        with torch.no_grad():
            alpha = course.mean(seen).clamp(0, 1)
        unknown = band > 0.5
        soft = unknown & (truth > 0.03) & (truth < 0.97)
        for name, said in (("coarse", seen[:, 3:4]), ("closed", seen[:, 4:5]), ("refined", alpha)):
            error = (said - truth).abs()
            figures.setdefault(name, []).append(error[unknown].mean())
            figures.setdefault(f"{name} soft", []).append(error[soft].mean())
    means = {name: float(torch.stack(values).mean()) for name, values in figures.items()}
    course.told(" ".join(f"{name} {value:.4f}" for name, value in means.items()))
    with (out / "fine.jsonl").open("a") as curve:
        curve.write(json.dumps({"step": course.done, **means}) + "\n")
    cv2.imwrite(str(out / "fine.png"), _sheet(course, trial[0]))


def _sheet(course: Course, trial: Batch) -> NDArray[np.uint8]:
    seen, truth, _ = trial
    with torch.no_grad():
        alpha = course.mean(seen).clamp(0, 1)
    rows: Iterator[Tensor] = (
        one.expand(-1, 3, -1, -1) for one in (seen[:, :3], seen[:, 4:5], alpha, truth)
    )
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1).permute(1, 2, 0)
    picture = (sheet.clamp(0, 1) * 255).byte().cpu().numpy()
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)
