"""Outputs that are written two at a time are those that are written one after the other."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from daemon.config.profiles import BUILT_IN
from daemon.errors import ResultsTrouble
from daemon.imaging.colour import SRGB
from daemon.raster import Cutout, Matte, Raster
from daemon.work.pipeline import write_outputs

PROFILE = BUILT_IN["old-photo"]


@pytest.fixture
def cutout() -> Cutout:
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (90, 70, 3), np.uint8)
    alpha = rng.integers(0, 65536, (90, 70), np.uint16)
    return Cutout(Raster(pixels, SRGB, None), Matte(alpha, "test", "cpu", 1), pixels.copy())


def test_files_are_the_same_and_in_the_profiles_order(cutout: Cutout, tmp_path: Path) -> None:
    """Whoever is done first, the plan has them as the settings do."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = write_outputs(cutout, PROFILE, os.fsencode(tmp_path / "one"))
    two = write_outputs(cutout, PROFILE, os.fsencode(tmp_path / "two"), threads=2)
    assert len(one) == len(PROFILE.outputs)
    assert [*map(os.path.basename, one)] == [*map(os.path.basename, two)]
    assert [Path(os.fsdecode(path)).read_bytes() for path in one] == [
        Path(os.fsdecode(path)).read_bytes() for path in two
    ]


def test_a_file_that_cannot_be_written_is_told_as_ever(cutout: Cutout, tmp_path: Path) -> None:
    """Nothing is filed of a photo whose outputs are not all there."""
    gone = os.fsencode(tmp_path / "gone")
    with pytest.raises(ResultsTrouble, match="gone"):
        write_outputs(cutout, PROFILE, gone, threads=2)


def test_a_known_error_is_told_before_one_that_it_led_to(
    cutout: Cutout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads read the same text of errors from libvips: what another one failed with."""

    def misled(*_: object) -> None:
        raise RuntimeError("damaged")

    monkeypatch.setattr("daemon.outputs.foreground.write", misled)
    with pytest.raises(ResultsTrouble):
        write_outputs(cutout, PROFILE, os.fsencode(tmp_path / "gone"), threads=2)
