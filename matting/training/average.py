"""Several sittings' weights averaged: better than each, where all began at the same weights.

After Wortsman and others 2022, "Model soups" (arXiv 2203.05482).
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from matting.training import packs
from matting.training.coarse import Answering, Coarse
from matting.training.trial import Trial, looking, score


def average(
    sittings: Sequence[Path], pack: Path, networks: Path, device: torch.device, many: int = 96
) -> Answering:
    """Average the weights that the sittings kept, and keep what chooses best: that, or one of them.

    Args:
        sittings: folders with coarse.pt.
        pack: what ``prepare`` wrote.
        networks: the folder with selfie_segmentation.tflite and u2netp.onnx.
        device: what computes.
        many: scenes that choose, and at most as many photos.
    """
    files = [folder / "coarse.pt" for folder in sittings]
    kept: list[dict[str, Tensor]] = [
        torch.load(file, map_location=device, weights_only=True) for file in files
    ]
    network = Coarse(networks / "selfie_segmentation.tflite", networks / "u2netp.onnx").to(device)
    trial = Trial(packs.read(pack, "choose", device), device, many)
    candidates = {file.parent.name: weights for file, weights in zip(files, kept, strict=True)}
    candidates["their mean"] = {
        name: torch.stack([one[name] for one in kept]).mean(0) for name in kept[0]
    }
    best, chosen = -1.0, network
    for name, weights in candidates.items():
        network.load_state_dict(weights)
        figures = trial.measure(looking(network.eval()))
        told = " ".join(f"{what} {value:.3f}" for what, value in figures.items())
        sys.stderr.write(f"{name}: {told} = {score(figures):.4f}\n")
        if score(figures) > best:
            best, chosen = score(figures), copy.deepcopy(network)
    return Answering(chosen)
