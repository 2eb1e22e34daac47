"""Draws learning curves: ``python -m matting.training.curves OUT.png FILE.jsonl:NAME[,NAME] ...``.

One panel a file, as training writes them; the names are of the figures in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_WIDE, _HIGH, _MARGIN = 360, 240, 36
_COLOURS = (180, 60, 20), (40, 120, 220), (60, 150, 60), (140, 60, 160), (90, 90, 90)
"""BGR."""
_INK = 60, 60, 60


def panel(title: str, steps: list[int], curves: dict[str, list[float]]) -> Bytes:
    """One picture, (rows, columns, 3) BGR; figures from 0 to the largest."""
    canvas = np.full((_HIGH, _WIDE, 3), 255, np.uint8)
    most = max(max(values) for values in curves.values())
    last = max(*steps, 1)
    right, low = _WIDE - _MARGIN, _HIGH - _MARGIN

    def at(step: int, value: float) -> tuple[int, int]:
        x = _MARGIN + step / last * (right - _MARGIN)
        return round(x), round(low - value / most * (low - _MARGIN))

    cv2.rectangle(canvas, at(0, most), at(last, 0), _INK, 1)
    for name, colour, row in zip(curves, _COLOURS, range(len(curves)), strict=False):
        points = np.array([at(*one) for one in zip(steps, curves[name], strict=True)], np.int32)
        cv2.polylines(canvas, [points], isClosed=False, color=colour, thickness=2)
        _write(canvas, name, (right - 130, _MARGIN + 18 + 14 * row), colour)
    _write(canvas, title, (_MARGIN, _MARGIN - 10), _INK)
    _write(canvas, f"{most:.3g}", (2, _MARGIN + 8), _INK)
    _write(canvas, f"0 .. {last} steps", (_MARGIN, _HIGH - 14), _INK)
    return canvas


def _write(canvas: Bytes, text: str, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)


def read(path: Path, names: list[str]) -> tuple[list[int], dict[str, list[float]]]:
    """Steps, and the figures of each name at them."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [one["step"] for one in lines], {name: [one[name] for one in lines] for name in names}


def main() -> int:
    """Draw them side by side."""
    out, *wanted = sys.argv[1:]
    panels = []
    for each in wanted:
        file, _, names = each.rpartition(":")
        panels.append(panel(Path(file).stem, *read(Path(file), names.split(","))))
    cv2.imwrite(out, np.hstack(panels), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return 0


if __name__ == "__main__":
    sys.exit(main())
