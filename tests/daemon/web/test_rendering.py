"""What is shown over one another lies alike: turned, framed and split photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.web.layers import Files, Layer
from daemon.web.rendering import render_small, render_tiles


def picture() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A photo (BGR) of which no two turns are alike, and its alpha."""
    rng = np.random.default_rng(2)
    small = rng.integers(0, 255, (6, 9, 3), np.uint8)
    pixels = cv2.resize(small, (180, 120), interpolation=cv2.INTER_CUBIC)
    alpha = np.zeros((120, 180), np.uint8)
    cv2.circle(alpha, (80, 50), 40, 255, -1)
    return pixels, alpha


def files(root: Path, turns: int, *, size: Any = ..., turning: bool = True) -> Files:
    pixels, alpha = picture()
    (root / "in").mkdir()
    (root / "out").mkdir()
    cv2.imwrite(str(root / "in" / "a.png"), pixels)
    cutout = np.ascontiguousarray(np.rot90(np.dstack([pixels, alpha]), turns))
    cv2.imwrite(str(root / "out" / "a.png"), cutout)
    whole = cutout.shape[1::-1] if size is ... else size
    original, result = (bytes(root / "in"), b"a.png"), (bytes(root / "out"), b"a.png")
    return Files(original, (result,), 10**6, whole, turns=turning)


@pytest.mark.parametrize("turns", range(4))
def test_the_original_lies_as_its_cut_out_does(tmp_path: Path, turns: int) -> None:
    given = files(tmp_path, turns)
    made = tmp_path / "made"
    made.mkdir()
    render_small(given, made)
    assert json.loads((made / "facts.json").read_text())["after"] == "cutout"
    render_tiles(given, Layer.ORIGINAL, made)
    told = json.loads((made / "original.json").read_text())
    assert (told["width"], told["height"]) == given.size
    tile = cv2.imread(str(made / "original_files" / "8" / "0_0.jpg"))
    expected = np.rot90(picture()[0], turns)
    assert np.abs(tile.astype(int) - expected).mean() < 6


def test_what_has_another_size_is_not_laid_over_the_photo(tmp_path: Path) -> None:
    """A photo that was turned where the settings turn none any more; or a file of several."""
    for name, given in {
        "turned": files(_made(tmp_path / "a"), 1, turning=False),
        "several": files(_made(tmp_path / "b"), 0, size=None),
    }.items():
        made = _made(tmp_path / name)
        render_small(given, made)
        told = json.loads((made / "facts.json").read_text())
        assert told["after"] is None, name
        assert "original" in told["layers"]


def _made(path: Path) -> Path:
    path.mkdir()
    return path
