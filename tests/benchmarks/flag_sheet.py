"""Flagged mattes side by side, reasons written and places drawn, for somebody's eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.judgement.flag import Flag

_CELL = 300
"""Pixels that a photo's sides have at most."""
_BELOW = 60
"""Pixels below it for words."""
_ACROSS = 6
_MOST = 48
_COLOURS = ((60, 60, 255), (0, 200, 255), (255, 160, 0), (200, 0, 255), (0, 255, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One matte."""

    name: str
    cell: NDArray[np.uint8]
    """BGR."""

    @classmethod
    def of(
        cls, name: str, photo: NDArray[np.uint8], alpha: NDArray[np.uint16], flags: Sequence[Flag]
    ) -> Shown:
        """The photo, lit where the matte is, with what is said of it."""
        factor = _CELL / max(alpha.shape)
        size = max(1, round(alpha.shape[1] * factor)), max(1, round(alpha.shape[0] * factor))
        small = cv2.resize(photo[..., ::-1], size, interpolation=cv2.INTER_AREA)
        taken = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)[..., None] / 65535
        lit = small * taken + (small * 0.35 + (60, 0, 0)) * (1 - taken)
        cell = np.full((_CELL + _BELOW, _CELL, 3), 255, np.uint8)
        cell[: size[1], : size[0]] = lit.clip(0, 255)
        _write(cell, name[:40], 12, (0, 0, 0))
        for number, flag in enumerate(flags):
            colour = _COLOURS[number % len(_COLOURS)]
            _write(
                cell, f"{flag.reason} {flag.value:.2f}", 26 + 13 * (number // 3), colour, number % 3
            )
            if flag.place is not None:
                left, top, width, height = (round(factor * each) for each in flag.place)
                cv2.rectangle(cell, (left, top), (left + width, top + height), colour, 1)
        return cls(name, cell)


def _write(
    cell: NDArray[np.uint8], text: str, down: int, colour: tuple[int, int, int], column: int = 0
) -> None:
    at = 2 + column * _CELL // 3, _CELL + down
    cv2.putText(cell, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA)


def sheet(pictures: list[Shown]) -> NDArray[np.uint8]:
    """A choice of them, evenly taken."""
    if not pictures:
        return np.full((_CELL, _CELL, 3), 255, np.uint8)
    step = max(1, -(-len(pictures) // _MOST))
    cells = [one.cell for one in pictures[::step]]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % _ACROSS)
    return np.vstack([np.hstack(cells[at : at + _ACROSS]) for at in range(0, len(cells), _ACROSS)])
