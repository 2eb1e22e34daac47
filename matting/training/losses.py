"""What training makes small."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def found(logit: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Who is a person: cross entropy, and the share missed or invented (soft Dice).

    Args:
        logit: (batch, 1, h, w).
        truth: the same shape, 0..1.
        weight: the same shape: how far the truth is trusted.
    """
    entropy = functional.binary_cross_entropy_with_logits(logit, truth, reduction="none")
    entropy = (entropy * weight).mean()
    said, true = torch.sigmoid(logit) * weight, truth * weight
    both = (torch.sigmoid(logit) * true).sum((1, 2, 3))
    small = 0.002 * truth[0].numel()  # or one stray pixel in an empty picture would count as all
    share = 1 - (2 * both + small) / (said.sum((1, 2, 3)) + true.sum((1, 2, 3)) + small)
    return entropy + 0.5 * share.mean()


def drawn(alpha: Tensor, truth: Tensor, band: Tensor) -> Tensor:
    """What hair is: |error|, most where alpha is soft; Laplacian pyramid; gradient.

    Args:
        alpha: (batch, 1, h, w), 0..1.
        truth: the same shape.
        band: the same shape: where the answer is used. Outside it counts little.
    """
    soft = ((truth > 0.02) & (truth < 0.98)).float()
    error = ((alpha - truth).abs() * (0.1 + band * (1 + 10 * soft))).mean()
    inside = truth + (alpha - truth) * (0.1 + 0.9 * band)
    return error + 0.5 * pyramid(inside, truth) + 0.25 * gradient(inside, truth)


def pyramid(alpha: Tensor, truth: Tensor, levels: int = 4) -> Tensor:
    """|differences| of the levels of two Laplacian pyramids."""
    off, total = alpha - truth, alpha.new_zeros(())
    for level in range(levels):
        small = functional.avg_pool2d(off, 2)
        large = functional.interpolate(small, off.shape[-2:], mode="bilinear")
        total = total + (off - large).abs().mean() * 2**level
        off = small
    return total


def gradient(alpha: Tensor, truth: Tensor) -> Tensor:
    """|differences| of the steps from pixel to pixel."""
    off = alpha - truth
    return off.diff(dim=-1).abs().mean() + off.diff(dim=-2).abs().mean()
