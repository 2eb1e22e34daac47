"""What a bench found, as values; ``to_json`` is what bench.json holds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = 2
"""Of bench.json; counts up when a key changes its meaning or goes."""


@dataclass(frozen=True, slots=True)
class Score:
    """One matte against its reference; ``measures`` defines all of them."""

    sad: float
    mse: float
    mad: float
    gradient: float
    connectivity: float
    iou: float
    soft_error: float | None
    """None where the reference has no soft pixels; likewise the next."""
    soft_kept: float | None
    shadow_accuracy: float | None
    """None where nothing of the reference is opaque."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one photo took."""

    total_s: float
    """From reading the photo to the matte on disk."""
    engine_s: float
    """The part of it in which the engine was asked and answered."""
    stages_s: dict[str, float]
    """By the pipeline's stages, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class PhotoRun:
    """One photo through one engine."""

    photo: str
    error: str | None = None
    """Why there is no matte."""
    people: int | None = None
    """How many the engine found; None where it does not count them."""
    empty: bool = False
    """Nothing in the matte is even half opaque."""
    cost: Cost | None = None
    engine_peak_mib: float | None = None
    """VmHWM: the most memory the engine process had in use since its start; not the GPU's."""
    photo_peak_mib: float | None = None
    """VmHWM of the photo process while it worked on this photo."""
    warnings: tuple[str, ...] = ()
    score: Score | None = None
    cell: NDArray[np.uint8] | None = field(default=None, repr=False)
    """(height, width) the matte as small as the contact sheet's picture of the photo."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is known of a photo whatever the engine."""

    photo: str
    """As it was given."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels; None if it could not be read."""
    reference: str | None = None
    reference_size: tuple[int, int] | None = None
    compared_at: tuple[int, int] | None = None
    """(width, height) at which mattes and reference are compared; None if they are not."""
    note: str | None = None
    """Why it is not compared, or not at its own size."""
    cell: NDArray[np.uint8] | None = field(default=None, repr=False)
    """(height, width, 3) RGB, the photo small enough for the contact sheet."""
    reference_cell: NDArray[np.uint8] | None = field(default=None, repr=False)
    """(height, width) the reference likewise."""


@dataclass(frozen=True, slots=True)
class Column:
    """One engine over all photos."""

    name: str
    """As it was asked for: an engine, or an installed model."""
    engine: str | None = None
    model: str | None = None
    framework: str | None = None
    device: str | None = None
    """What it really ran on."""
    unavailable: str | None = None
    """Why it could not run."""
    start_s: float | None = None
    """From the engine's start until it was ready."""
    cold: Cost | None = None
    """The very first photo, which pays for all that warms up; it is worked on twice."""
    trials: tuple[PhotoRun, ...] = ()

    @property
    def scores(self) -> tuple[Score, ...]:
        """Of the photos that have one."""
        return tuple(trial.score for trial in self.trials if trial.score)

    def mean(self, measure: str) -> float | None:
        """Of one measure over the photos that have it."""
        values = [getattr(score, measure) for score in self.scores]
        known = [value for value in values if value is not None]
        return statistics.fmean(known) if known else None

    @property
    def warm_s(self) -> float | None:
        """Median of the photos' whole times."""
        return self._over(
            statistics.median, (t.cost.total_s if t.cost else None for t in self.trials)
        )

    @property
    def warm_engine_s(self) -> float | None:
        """Median of the engine's part of them."""
        return self._over(
            statistics.median, (t.cost.engine_s if t.cost else None for t in self.trials)
        )

    @property
    def engine_peak_mib(self) -> float | None:
        """The most memory that the engine process ever had in use."""
        return self._over(max, (t.engine_peak_mib for t in self.trials))

    @property
    def photo_peak_mib(self) -> float | None:
        """The most memory that the photo process ever had in use."""
        return self._over(max, (t.photo_peak_mib for t in self.trials))

    @property
    def failed(self) -> int:
        """Photos without a matte."""
        return sum(trial.error is not None for trial in self.trials)

    @staticmethod
    def _over(
        summary: Callable[[list[float]], float], values: Iterable[float | None]
    ) -> float | None:
        known = [value for value in values if value is not None]
        return summary(known) if known else None


MEASURES = tuple(Score.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Findings:
    """All of it."""

    profile: str
    looks: tuple[Look, ...]
    """By photo, in the order in which they were worked on."""
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    """What the user should know of the comparison itself."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "format": FORMAT,
            "profile": self.profile,
            "notes": list(self.notes),
            "photos": [_plain(look) for look in self.looks],
            "engines": [_column(column) for column in self.columns],
        }


_SUMMED_UP = ("warm_s", "warm_engine_s", "engine_peak_mib", "photo_peak_mib", "failed")


def _column(column: Column) -> dict[str, Any]:
    facts = _plain(column)
    facts["trials"] = [_plain(trial) for trial in column.trials]
    facts |= {name: getattr(column, name) for name in _SUMMED_UP}
    return facts | {
        "scored": len(column.scores),
        "means": {name: column.mean(name) for name in MEASURES},
    }


def _plain(value: Look | PhotoRun | Column) -> dict[str, Any]:
    """A dataclass's fields, less the pictures."""
    return {key: item for key, item in asdict(value).items() if not key.endswith("cell")}
