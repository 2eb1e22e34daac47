"""What bench.json holds, and that its documentation names all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.bench.findings import Column, Cost, Findings, Look, PhotoRun, Score

DOCUMENTED = Path(__file__).parents[3] / "docs" / "bench.md"
PICTURE = np.zeros((4, 4), np.uint8)


def trial(total_s: float, kept: float | None, peak_mib: float | None) -> PhotoRun:
    score = Score(1, 2, 3, 4, 5, 0.5, 0.1, kept, None)
    cost = Cost(total_s, total_s / 4, {"decode": 0.5})
    return PhotoRun("a", cost=cost, score=score, engine_peak_mib=peak_mib, cell=PICTURE)


COLUMN = Column(
    "isnet", "onnx", "m", "f", "cpu", cold=Cost(20, 10, {}),
    trials=(
        trial(1, 0.2, 100), trial(9, None, 300), trial(2, 0.6, None), PhotoRun("d", error="no"),
    ),
)  # fmt: skip


def test_means_are_over_what_there_is_and_times_are_medians_without_the_cold_one() -> None:
    assert COLUMN.mean("sad") == 1
    assert COLUMN.mean("soft_kept") == pytest.approx(0.4)
    assert COLUMN.mean("shadow_accuracy") is None
    assert (COLUMN.warm_s, COLUMN.warm_engine_s) == (2, 0.5)
    assert (COLUMN.engine_peak_mib, COLUMN.photo_peak_mib, COLUMN.failed) == (300, None, 1)
    nothing = Column("absent", unavailable="no")
    assert (nothing.warm_s, nothing.mean("sad"), nothing.failed) == (None, None, 0)


def test_every_key_of_the_json_is_documented() -> None:
    look = Look("a", size=(4, 4), reference="a.png", cell=PICTURE, reference_cell=PICTURE)
    found = Findings("old-photo", (look,), (COLUMN,), ("a note",)).to_json()
    assert json.loads(json.dumps(found)) is not None
    named = set(re.findall(r"`(\w+)`", DOCUMENTED.read_text()))
    assert set(keys(found)) - named == {"decode"}  # a stage


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from keys(item)
    if isinstance(value, list):
        for item in value:
            yield from keys(item)
