"""Trains the coarse network."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from matting.training import ageing, compose, labels, losses, packs
from matting.training.chance import Chance
from matting.training.coarse import IMAGENET, SIDE, Answering, Coarse
from matting.training.learning import Course
from matting.training.trial import ASKED_SIDE, Trial, looking, score
from matting.training.u2netp import U2NetP

_PARTS_ON_GPU = 5
"""Of each photo that the student looks at; a processor takes half an hour for as many."""
_SIDES_WEIGHT = 0.15
"""Of the logits that only teach."""


@dataclass(frozen=True, slots=True)
class CoarseRecipe:
    """How it is trained; the defaults are those of the last sitting."""

    seed: int = 1
    steps: int = 3000
    composed: int = 24
    real: int = 24
    empty: int = 12
    """Pictures of a batch."""
    rate: float = 3e-4
    relabel: tuple[float, ...] = (0.5,)
    """When the student's own word is taken into the labels of photos, in shares of the steps."""
    wear: float = 1.0
    """Odds of damage; more for a last lesson on what still confuses it."""
    sides: tuple[tuple[int, float], ...] = ((ASKED_SIDE, 0.7), (SIDE, 0.2), (128, 0.1))
    """Of pictures, and in which share of the steps; the engine glances at 128."""
    check_every: int = 400
    check: int = 96
    """Scenes, and at most as many photos, that a check looks at."""
    minutes: float | None = None
    """Fewer steps, if those would take longer; for a machine that is lent for so long."""


def train(
    pack: Path,
    networks: Path,
    out: Path,
    recipe: CoarseRecipe,
    device: torch.device,
    start: Path | None = None,
) -> Answering:
    """Train, and keep the checkpoint that does best on the pictures that choose.

    Args:
        pack: what ``prepare`` wrote.
        networks: the folder with selfie_segmentation.tflite and u2netp.onnx.
        out: for checkpoints, the best weights (coarse.pt) and the curve (coarse.jsonl).
        recipe: see there.
        device: what computes.
        start: weights to go on from instead of the published ones; see ``Coarse.read``.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    learn, choose = (packs.read(pack, part, device) for part in ("learn", "choose"))
    network = Coarse(networks / "selfie_segmentation.tflite", networks / "u2netp.onnx")
    things = objects(learn.backdrops, networks / "u2netp.onnx")
    learn = replace(learn, beasts=compose.joined(learn.beasts, things))
    if start is not None:
        network.read(start)
    network = network.to(device).to(memory_format=torch.channels_last)
    slow = {id(one) for one in network.person.parameters()}
    groups: list[dict[str, object]] = [
        {"params": [one for one in network.parameters() if id(one) in slow], "share": 0.5},
        {"params": [one for one in network.parameters() if id(one) not in slow]},
    ]
    course = Course(
        network, groups, recipe.steps, recipe.rate, out / "coarse.checkpoint", recipe.minutes
    )
    trial = Trial(choose, device, recipe.check)
    chance = Chance.seeded(recipe.seed * 1000 + course.done, device)
    truth = labels.from_teachers(learn.people)
    best = _keep(out, course, trial)
    while course.done < course.steps:
        side = _side(recipe, course.done)
        picture, alpha, weight = batch(learn, truth, chance, recipe, side)
        with torch.autocast(device.type, torch.bfloat16):
            logits = network(picture.contiguous(memory_format=torch.channels_last))
        first, *rest = (logit.float() for logit in logits)
        loss = losses.found(first, alpha, weight)
        for logit in rest:
            loss = loss + _SIDES_WEIGHT * losses.found(logit, alpha, weight) / 2
        course.step(loss)
        if course.done in {round(share * course.steps) for share in recipe.relabel}:
            parts = _PARTS_ON_GPU if device.type == "cuda" else 1
            truth = labels.with_student(learn.people, looking(course.mean), ASKED_SIDE, parts)
        if course.done % recipe.check_every == 0 or course.done == course.steps:
            course.save()
            best = max(best, _keep(out, course, trial, best))
    best_weights = torch.load(out / "coarse.pt", map_location=device, weights_only=True)
    course.mean.load_state_dict(best_weights)
    return Answering(course.mean)


def _side(recipe: CoarseRecipe, step: int) -> int:
    sides, shares = zip(*recipe.sides, strict=True)
    return random.Random(f"{recipe.seed} {step}").choices(sides, shares)[0]  # noqa: S311 - no secret


def batch(
    learn: packs.Pack, truth: Tensor, chance: Chance, recipe: CoarseRecipe, side: int
) -> tuple[Tensor, Tensor, Tensor]:
    """One batch: picture, alpha and how far it is trusted."""
    layout = compose.SceneLayout(side=side)
    scene, alpha = compose.scenes(
        learn.figures, learn.backdrops, chance, recipe.composed, layout, learn.beasts
    )
    nobody = compose.SceneLayout(side=side, nobody=1.0, drawn=0.1, thing=0.3)
    empty, none = compose.scenes(
        learn.figures, learn.backdrops, chance, recipe.empty, nobody, learn.beasts
    )
    scene, alpha = torch.cat([scene, empty]), torch.cat([alpha, none])
    old, left = ageing.aged(scene, alpha, chance, unit=side / SIDE, amount=recipe.wear)
    is_old = chance.happens(0.85, len(scene))
    scene, alpha = torch.lerp(scene, old, is_old), torch.lerp(alpha, left, is_old)
    chosen = chance.whole(len(learn.people.names), recipe.real)
    photo = learn.people.pictures[chosen].float() / 255
    word = functional.interpolate(truth[chosen].float(), photo.shape[-2:], mode="bilinear")
    photo, word = compose.windowed([photo, word], chance, least=0.5, side=side)
    photo, seen = ageing.aged(
        photo, torch.ones_like(photo[:, :1]), chance, unit=side / SIDE, amount=0.45
    )
    weight = torch.cat([torch.ones_like(alpha), torch.where(seen > 0.5, word[:, 1:], 1.0)])
    return torch.cat([scene, photo]), torch.cat([alpha, word[:, :1] * seen]), weight


def objects(backdrops: Tensor, u2netp: Path) -> compose.Figures:
    """What stands out in pictures without people, cut out: furniture, vases, statues, trees.

    Pasted like figures and yet nobody; or whatever looks pasted would be taken for a person.
    """
    network = U2NetP()
    network.read(u2netp)
    network = network.to(backdrops.device).eval()
    mean, spread = (torch.tensor(one, device=backdrops.device).view(1, 3, 1, 1) for one in IMAGENET)
    found = []
    for part in backdrops.split(16):
        seen = functional.interpolate(part.float() / 255, (SIDE, SIDE), mode="bilinear")
        with torch.no_grad():
            logit = network((seen - mean) / spread)[0]
        large = functional.interpolate(torch.sigmoid(logit), part.shape[-2:], mode="bilinear")
        found.append((large * 255).byte())
    alpha = torch.cat(found)
    area = (alpha > 127).float().mean((1, 2, 3))
    good = (area > 0.03) & (area < 0.7)
    ones = torch.ones(int(good.sum()), device=backdrops.device)
    return compose.Figures(backdrops[good], alpha[good], ones, ones > 1)


def _keep(out: Path, course: Course, trial: Trial, best: float = -1.0) -> float:
    figures = trial.measure(looking(course.mean))
    points = score(figures)
    told = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
    course.told(f"{told} = {points:.4f}")
    with (out / "coarse.jsonl").open("a") as curve:
        curve.write(json.dumps({"step": course.done, "score": points, **figures}) + "\n")
    if points > best:
        torch.save(course.mean.state_dict(), out / "coarse.pt")
    return points
