"""The demo's one picture really shows the photos and what was made of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from daemon.demo.overview import write_overview


def test_each_picture_stands_in_its_place_and_cut_outs_over_checkers(tmp_path: Path) -> None:
    red = np.full((100, 100, 3), (0, 0, 250), np.uint8)
    deep = np.full((50, 50), 257 * 60, np.uint16)
    opaque_above = np.zeros((100, 100), np.uint8)
    opaque_above[:50] = 255
    cut = np.dstack([red, opaque_above])
    for name, pixels in (("a.png", red), ("b.png", deep), ("c.png", cut)):
        cv2.imwrite(str(tmp_path / name), pixels)
    target = tmp_path / "overview.png"
    write_overview([tuple(tmp_path / name for name in ("a.png", "b.png", "c.png"))], target)
    shown = cv2.imread(str(target))
    assert shown.shape == (360, 3 * 360 + 2 * 8, 3)
    assert np.all(shown[180, 180] == (0, 0, 250))
    assert np.all(shown[180, 368 + 180] == 60)
    assert np.all(shown[90, 736 + 180] == (0, 0, 250)), "opaque"
    assert set(np.unique(shown[270:, 736:])) == {205, 245}, "checkers where it is clear"
