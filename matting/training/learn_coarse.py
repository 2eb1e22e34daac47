"""Trains the coarse network."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from matting.training import ageing, compose, labels, losses, packs
from matting.training.chance import Chance
from matting.training.coarse import IMAGENET, SIDE, Answering, Coarse
from matting.training.learning import Course
from matting.training.u2netp import U2NetP

_SMALL_SIDE = 256
"""As the engine asks."""
_SIDES_WEIGHT = 0.15
"""Of the logits that only teach."""


@dataclass(frozen=True, slots=True)
class CoarseRecipe:
    """How it is trained; the defaults are what the shipped weights were made with."""

    seed: int = 1
    steps: int = 3000
    composed: int = 20
    real: int = 18
    empty: int = 10
    """Pictures of a batch."""
    rate: float = 3e-4
    relabel: tuple[float, ...] = (0.45, 0.75)
    """When the student's own word is taken into the labels of photos, in shares of the steps."""
    wear: float = 1.0
    """Odds of damage; more for a last lesson on what still confuses it."""
    small: float = 0.5
    """Share of the steps in which pictures are smaller, which is quicker."""
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
        start: weights to go on from instead of the published ones.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    learn, choose = (packs.read(pack, part, device) for part in ("learn", "choose"))
    network = Coarse(networks / "selfie_segmentation.tflite", networks / "u2netp.onnx")
    things = objects(learn.backdrops, networks / "u2netp.onnx")
    learn = replace(learn, beasts=compose.joined(learn.beasts, things))
    if start is not None:
        network.load_state_dict(torch.load(start, map_location="cpu", weights_only=True))
    network = network.to(device).to(memory_format=torch.channels_last)
    slow = {id(one) for one in network.person.parameters()}
    groups: list[dict[str, object]] = [
        {"params": [one for one in network.parameters() if id(one) in slow], "share": 0.5},
        {"params": [one for one in network.parameters() if id(one) not in slow]},
    ]
    course = Course(
        network, groups, recipe.steps, recipe.rate, out / "coarse.checkpoint", recipe.minutes
    )
    trial = _Trial(choose, device, recipe.check, SIDE if recipe.small < 1 else _SMALL_SIDE)
    chance = Chance.seeded(recipe.seed * 1000 + course.done, device)
    truth = labels.from_teachers(learn.people)
    if 0.0 in recipe.relabel:
        truth = labels.with_student(learn.people, _looking(course, device), _SMALL_SIDE, parts=1)
    best = _keep(out, course, trial)
    while course.done < course.steps:
        side = SIDE if course.done >= recipe.small * course.steps else _SMALL_SIDE
        picture, alpha, weight = batch(learn, truth, chance, recipe, side)
        with torch.autocast(device.type, torch.bfloat16):
            logits = network(picture.contiguous(memory_format=torch.channels_last))
        first, *rest = (logit.float() for logit in logits)
        loss = losses.found(first, alpha, weight)
        for logit in rest:
            loss = loss + _SIDES_WEIGHT * losses.found(logit, alpha, weight) / 2
        course.step(loss)
        if course.done in {round(share * course.steps) for share in recipe.relabel}:
            truth = labels.with_student(learn.people, _looking(course, device), SIDE)
        if course.done % recipe.check_every == 0 or course.done == course.steps:
            course.save()
            best = max(best, _keep(out, course, trial, best))
    best_weights = torch.load(out / "coarse.pt", map_location=device, weights_only=True)
    course.mean.load_state_dict(best_weights)
    return Answering(course.mean)


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


class _Trial:
    """Pictures that choose between checkpoints, always the same."""

    def __init__(self, choose: packs.Pack, device: torch.device, many: int, side: int) -> None:
        self.side = side
        chance = Chance.seeded(7, device)
        layout = compose.SceneLayout(side=side, nobody=0)
        scenes = [
            compose.scenes(choose.figures, choose.backdrops, chance, many // 3, layout)
            for _ in range(3)
        ]
        self.fresh = torch.cat([one for one, _ in scenes])
        self.alpha = torch.cat([one for _, one in scenes])
        self.aged, self.left = ageing.aged(self.fresh, self.alpha, chance)
        self.photos = self._seen(choose.people.pictures[:many])
        said = choose.people.labels[:many].float() / 255
        both = functional.interpolate(said, (self.side, self.side), mode="bilinear")
        self.first, self.second = both[:, :1] > 0.5, both[:, 2:] > 0.5
        self.empty = self._seen(choose.backdrops[:many])

    def _seen(self, pictures: Tensor) -> Tensor:
        return functional.interpolate(
            pictures.float() / 255, (self.side, self.side), mode="bilinear", antialias=True
        )

    def measure(self, look: labels.Look) -> dict[str, float]:
        photos, empty = _all(look, self.photos), _all(look, self.empty)
        agreed = overlap(self.first, self.second) > 0.8
        return {
            "fresh": float(overlap(_all(look, self.fresh), self.alpha > 0.5).mean()),
            "aged": float(overlap(_all(look, self.aged), self.left > 0.5).mean()),
            "agreed": float(overlap(photos, self.first & self.second)[agreed].mean()),
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


def _keep(out: Path, course: Course, trial: _Trial, best: float = -1.0) -> float:
    figures = trial.measure(_looking(course, trial.fresh.device))
    score = (
        0.3 * figures["fresh"]
        + 0.4 * figures["aged"]
        + 0.3 * figures["agreed"]
        - 0.3 * figures["missed"]
        - 0.3 * figures["invented"]
    )
    course.told(
        " ".join(f"{name} {value:.3f}" for name, value in figures.items()) + f" = {score:.4f}"
    )
    with (out / "coarse.jsonl").open("a") as curve:
        curve.write(json.dumps({"step": course.done, "score": score, **figures}) + "\n")
    if score > best:
        torch.save(course.mean.state_dict(), out / "coarse.pt")
    return score


def _looking(course: Course, device: torch.device) -> labels.Look:
    def look(pictures: Tensor) -> Tensor:
        with (
            torch.no_grad(),
            torch.autocast(device.type, torch.bfloat16),
        ):
            seen = pictures.contiguous(memory_format=torch.channels_last)
            return torch.sigmoid(course.mean(seen)[0].float())

    return look
