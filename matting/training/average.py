"""Several sittings' weights averaged: better than each, where all began at the same weights.

After Wortsman and others 2022, "Model soups" (arXiv 2203.05482). What they began at may have its
share in it, so that less of what it knew is lost, after "Robust fine-tuning of zero-shot models"
(arXiv 2109.01903).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from matting.training import packs
from matting.training.coarse import Answering, Coarse
from matting.training.trial import Trial, looking, score

Weights = dict[str, Tensor]

_CHOOSING = 96
"""Scenes, and at most as many photos, that are looked at."""


@dataclass(frozen=True, slots=True)
class Sittings:
    """What is averaged."""

    folders: tuple[Path, ...]
    """With coarse.pt, of one start."""
    start: Path | None = None
    """What they began at; see ``Coarse.read``. None: the published weights."""
    share: float = 1.0
    """Of the mean in what comes out, 0..1; the rest is the start's."""


def average(sittings: Sittings, pack: Path, networks: Path, device: torch.device) -> Answering:
    """Average what the sittings kept, and tell what the pictures that choose say of each.

    Args:
        sittings: see there.
        pack: what ``prepare`` wrote.
        networks: the folder with selfie_segmentation.tflite and u2netp.onnx.
        device: what computes.
    """
    network = Coarse(networks / "selfie_segmentation.tflite", networks / "u2netp.onnx").eval()
    if sittings.start is not None:
        network.read(sittings.start)
    started = _weights(network)
    trial = Trial(packs.read(pack, "choose", device), device, _CHOOSING)
    network = network.to(device)
    _tell("the start", network, trial)
    kept = []
    for folder in sittings.folders:
        network.read(folder / "coarse.pt")
        kept.append(_weights(network))
        _tell(folder.name, network, trial)
    network.load_state_dict(mixed(started, kept, sittings.share))
    _tell(f"their mean, {sittings.share:.2f} of it", network, trial)
    return Answering(network)


def mixed(started: Weights, kept: Sequence[Weights], share: float) -> Weights:
    """The mean of what was kept, and the start's share in it."""
    return {
        name: torch.lerp(value, torch.stack([one[name] for one in kept]).mean(0), share)
        for name, value in started.items()
    }


def _weights(network: Coarse) -> Weights:
    return {name: value.cpu().clone() for name, value in network.state_dict().items()}


def _tell(name: str, network: Coarse, trial: Trial) -> None:
    figures = trial.measure(looking(network))
    words = " ".join(f"{what} {value:.3f}" for what, value in figures.items())
    sys.stderr.write(f"{name}: {words} = {score(figures):.4f}\n")
