"""What is taken for true on a real photo: the teachers' word, later the student's beside it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from matting.training.packs import Labelled

Look = Callable[[Tensor], Tensor]
"""(batch, 3, side, side) 0..1 to probabilities (batch, 1, side, side)."""

_DOUBTED = 0.15
"""The weight of pixels on which networks disagree."""
_PARTS = (0, 0, 1.0), (0, 0, 0.7), (0, 1, 0.7), (1, 0, 0.7), (1, 1, 0.7)
"""Where the student looks: lower or upper, right or left, and how much of the picture."""


def from_teachers(people: Labelled) -> Tensor:
    """(count, 2, 256, 256) float16: target and weight of each pixel.

    The search's word, which counts as much as one of the two networks says the same; where it alone
    sees somebody, or they do and it does not, hardly.
    """
    whole, search, salient = (people.labels[:, at : at + 1].float() / 255 for at in range(3))
    seen = torch.maximum(whole, salient)
    backed = (search > 0.5) & (seen > 0.5)
    nobody = (search < 0.4) & (whole < 0.5)
    alone = (search > 0.7) & ~backed
    weight = torch.full_like(search, _DOUBTED)
    for where, much in ((alone, 0.5), (nobody, 0.8), (backed, 1.0)):
        weight = torch.where(where, much, weight)
    trust = 0.4 + 0.6 * torch.maximum(_overlap(search, whole), _overlap(search, salient))
    return torch.cat([search, weight * trust], 1).half()


def with_student(people: Labelled, look: Look, side: int, parts: int = 5) -> Tensor:
    """The same, evened out by a network that has learnt from it: better labels than any teacher's.

    Args:
        people: the photos, shown as they are.
        look: the student.
        side: of the square that it is fed.
        parts: 5 are the whole and four windows, 1 is the whole.
    """
    whole, search, salient = (people.labels[:, at : at + 1].float() / 255 for at in range(3))
    pictures = people.pictures.split(32)
    student = torch.cat([_looked(one.float() / 255, look, side, parts) for one in pictures])
    person = torch.maximum(whole, search)
    backed = (student > 0.5) & (torch.maximum(person, salient) > 0.4)
    alone = (student > 0.7) & ~backed
    nobody = (student < 0.5) & (person < 0.5) & (salient < 0.5)
    unbacked = (student < 0.3) & (search < 0.5)
    weight = torch.full_like(student, _DOUBTED)
    for where, much in ((unbacked, 0.5), (alone, 0.5), (nobody, 0.9), (backed, 1.0)):
        weight = torch.where(where, much, weight)
    target = torch.where(backed, torch.maximum(student, (person + salient + student) / 3), student)
    return torch.cat([target, weight], 1).half()


def _looked(pictures: Tensor, look: Look, side: int, parts: int) -> Tensor:
    """Means over the whole, its mirror image and four windows of 0.7, (batch, 1, 256, 256)."""
    batch = len(pictures)
    total = torch.zeros(batch, 1, 256, 256, device=pictures.device)
    count = torch.zeros_like(total)
    for flip in (False, True):
        seen = pictures.flip(3) if flip else pictures
        for top, left, share in _PARTS[:parts]:
            span, small = round(seen.shape[-1] * share), round(256 * share)
            y, x = top * (seen.shape[-1] - span), left * (seen.shape[-1] - span)
            part = functional.interpolate(
                seen[..., y : y + span, x : x + span], (side, side), mode="bilinear", antialias=True
            )
            said = functional.interpolate(look(part), (small, small), mode="bilinear")
            y, x = top * (256 - small), left * (256 - small)
            weight = 2.0 if share == 1.0 else 1.0
            into = (slice(None), slice(None), slice(y, y + small), slice(x, x + small))
            if flip:
                into = (*into[:3], slice(256 - x - small, 256 - x))
                said = said.flip(3)
            total[into] += weight * said
            count[into] += weight
    return total / count


def _overlap(first: Tensor, second: Tensor) -> Tensor:
    both = ((first > 0.5) & (second > 0.5)).sum((1, 2, 3), keepdim=True)
    either = ((first > 0.5) | (second > 0.5)).sum((1, 2, 3), keepdim=True)
    return both / either.clamp(min=1)
