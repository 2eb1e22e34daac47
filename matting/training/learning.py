"""What both trainings do alike: the schedule, the running mean of the weights, resuming."""

from __future__ import annotations

import copy
import math
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

_WARM = 0.03
"""Share of the steps in which the rate rises."""
_SPEED_STEPS = 20
"""After as many the speed is measured; the first are slow."""


@dataclass(slots=True)
class Course:
    """Steps with a rate that rises, then falls along a cosine; every so often it is saved.

    Not frozen: it is what training goes through.
    """

    network: nn.Module
    groups: list[dict[str, object]]
    steps: int
    rate: float
    checkpoint: Path
    minutes: float | None = None
    """Fewer steps, if those would take longer; for a machine that is lent for so long."""
    mean: nn.Module = field(init=False)
    optimizer: torch.optim.Optimizer = field(init=False)
    done: int = 0
    skipped: int = 0
    _shares: list[float] = field(default_factory=list)
    _losses: list[float] = field(default_factory=list)
    _timed_from: tuple[int, float] | None = None
    _most: int = 0
    _started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Begin, or go on where the checkpoint stands."""
        self.mean = copy.deepcopy(self.network).eval().requires_grad_(requires_grad=False)
        self._most = self.steps
        self._shares = [float(str(group.get("share", 1.0))) for group in self.groups]
        for group in self.groups:
            group.pop("share", None)
        self.optimizer = torch.optim.AdamW(self.groups, lr=self.rate, weight_decay=1e-4)
        if self.checkpoint.exists():
            self._resume()

    def step(self, loss: Tensor) -> None:
        """Learn from one batch."""
        at = self.done / self.steps
        rate = self.rate * min(1, at / _WARM + 0.01) * (0.5 + 0.5 * math.cos(math.pi * min(1, at)))
        for group, share in zip(self.optimizer.param_groups, self._shares, strict=True):
            group["lr"] = rate * share
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        size = nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.done += 1
        if not bool(torch.isfinite(size)):  # one such step, and nothing learnt would be left
            self.skipped += 1
            return
        self.optimizer.step()
        self._average()
        self._fit()
        if self.done % 20 == 0:
            self._losses.append(float(loss.detach()))

    def _fit(self) -> None:
        """Set the number of steps by the speed so far, again and again: others may work here."""
        now = time.monotonic()
        if self.minutes is None or self.done % _SPEED_STEPS:
            return
        if self._timed_from is None:
            self._timed_from = self.done, now
            return
        first, began_s = self._timed_from
        one_s = (now - began_s) / (self.done - first)
        left_s = max(0.0, self.minutes * 60 - (now - self._started))
        self.steps = min(self._most, self.done + round(left_s / one_s))

    def _average(self) -> None:
        keep = min(0.998, self.done / (self.done + 9))
        with torch.no_grad():  # all at once, or a GPU waits for each
            torch._foreach_lerp_(
                list(self.mean.parameters()), list(self.network.parameters()), 1 - keep
            )
            for mean, theirs in zip(self.mean.buffers(), self.network.buffers(), strict=True):
                mean.copy_(theirs)

    def told(self, more: str = "") -> str:
        """One line of progress."""
        spent = time.monotonic() - self._started
        recent = self._losses[-10:] or [math.nan]
        loss = sum(recent) / len(recent)
        at = f"step {self.done}/{self.steps} {spent:.0f}s"
        line = f"{at} loss {loss:.4f} skipped {self.skipped} {more}"
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
        return line

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "done": self.done,
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)

    def _resume(self) -> None:
        device = next(self.network.parameters()).device
        state = torch.load(self.checkpoint, map_location=device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.done = state["done"]
