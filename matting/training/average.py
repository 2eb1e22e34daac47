"""Several sittings' weights averaged: better than each, where all began at the same weights.

After Wortsman and others 2022, "Model soups" (arXiv 2203.05482). What they began at may have its
share in it, so that less of what it knew is lost, after "Robust fine-tuning of zero-shot models"
(arXiv 2109.01903).
"""

from __future__ import annotations

import sys
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
    """That start, an ONNX file; needed where ``share`` is less than 1."""
    share: float = 1.0
    """Of the mean in what comes out; the rest is the start's."""


def average(sittings: Sittings, pack: Path, networks: Path, device: torch.device) -> Answering:
    """Average what the sittings kept, and tell what the pictures that choose say of each.

    Args:
        sittings: see there.
        pack: what ``prepare`` wrote.
        networks: the folder with selfie_segmentation.tflite and u2netp.onnx.
        device: what computes.
    """
    files = [folder / "coarse.pt" for folder in sittings.folders]
    kept: list[Weights] = [
        torch.load(file, map_location=device, weights_only=True) for file in files
    ]
    mean = {name: torch.stack([one[name] for one in kept]).mean(0) for name in kept[0]}
    network = Coarse(networks / "selfie_segmentation.tflite", networks / "u2netp.onnx")
    if sittings.start is not None:
        network.read(sittings.start)
    network = network.to(device).eval()
    started = {name: value.clone() for name, value in network.state_dict().items()}
    mixed = {name: torch.lerp(started[name], mean[name], sittings.share) for name in mean}
    trial = Trial(packs.read(pack, "choose", device), device, _CHOOSING)
    told = {file.parent.name: weights for file, weights in zip(files, kept, strict=True)}
    told |= {"the start": started, "their mean": mean, f"{sittings.share:.2f} of it": mixed}
    for name, weights in told.items():  # what is answered comes last, and stays in the network
        network.load_state_dict(weights)
        figures = trial.measure(looking(network))
        words = " ".join(f"{what} {value:.3f}" for what, value in figures.items())
        sys.stderr.write(f"{name}: {words} = {score(figures):.4f}\n")
    return Answering(network)
