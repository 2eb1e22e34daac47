"""The demo's photos are made of what is installed, and the engine cuts them out convincingly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from daemon.demo.photos import make_photos
from daemon.errors import MattedError

ROOT = Path(__file__).parents[3]


def test_a_portrait_and_the_same_aged_are_made_of_what_is_installed(tmp_path: Path) -> None:
    fresh, aged = make_photos(tmp_path)
    portrait, old = (cv2.imread(str(path)).astype(int) for path in (fresh, aged))
    assert portrait.shape == old.shape == (340, 272, 3)
    assert portrait.std() > old.std() > 10, "faded, and not gone"
    assert old.mean(axis=(0, 1)).argmin() == 0, "yellowed: the least of it is blue"


def test_without_scikit_image_it_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where matted came by pip alone, with no Makefile."""
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    with pytest.raises(MattedError, match=r"-m pip install scikit-image`, or photos .* --photos"):
        make_photos(tmp_path)


def test_both_are_cut_out_whole_and_nothing_else(tmp_path: Path, people_network: Path) -> None:
    """With the profile of the demo: no holes in the person, no ghosts beside her."""
    assert people_network.is_file()
    photos = [str(path) for path in make_photos(tmp_path)]
    told = subprocess.run(
        [sys.executable, "-m", "daemon", "process", *photos, "-o", str(tmp_path), "--json"],
        cwd=ROOT, env=os.environ | {"XDG_DATA_HOME": str(tmp_path)}, capture_output=True,
        text=True, check=True,
    ).stdout  # fmt: skip
    for line in told.splitlines():
        result = json.loads(line)
        assert result["people"] == 1
        alpha = cv2.imread(result["files"]["matte"], cv2.IMREAD_UNCHANGED) / 255
        assert alpha[:130, :55].max() < 0.05
        assert alpha[:130, 222:].max() < 0.05
        assert alpha[90:150, 105:160].min() > 0.95, "face"
        assert alpha[285:330, 40:220].min() > 0.95, "suit"
        assert 0.45 < np.mean(alpha > 0.5) < 0.7
