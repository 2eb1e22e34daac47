"""What refiners make of photos; a worse file of the one that corrects closed form shows here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from daemon.config.profiles import BUILT_IN
from matting.engines import people
from tests.benchmarks.mattes import pairs, score

SHARED = Path(__file__).parents[4] / "shared"


@pytest.mark.skipif(not SHARED.exists(), reason=f"NO PHOTOS at {SHARED}: learnt is NOT measured")
def test_it_is_about_as_good_as_closed_form_on_persons_it_was_not_chosen_with(
    tmp_path: Path, people_network: Path
) -> None:
    """No better either: docs/weights.md has all the figures."""
    tool = [sys.executable, str(SHARED / "tools" / "compose_truth.py")]
    given = [str(SHARED / "photos"), str(SHARED / "mattes"), str(tmp_path)]
    names = ["--names", "couple-1912", "--long-side", "640"]
    subprocess.run([*tool, *given, *names], check=True, capture_output=True)
    engine, profile = people.load({"model": str(people_network)}), BUILT_IN["old-photo"]
    composed = list(pairs(tmp_path))
    assert len(composed) == 9
    closed, learnt = (
        np.mean(
            [
                (one.mad, one.soft_error)
                for one in (
                    score("", photo, matte, engine, profile, name) for _, photo, matte in composed
                )
            ],
            axis=0,
        )
        for name in ("closed-form", "learnt")
    )
    assert (closed > 0).all()
    assert (learnt < 1.1 * closed).all()
