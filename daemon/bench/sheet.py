"""The contact sheet: a row for each photo, a column for each engine.

Cut-outs lie on a checkerboard of two mid greys. Both a bright and a dark fringe of the old
background show on it; on an even grey, holes in a grey dress did not. They keep the photo's own
colours: an output would have them cleaned, and the matte is what is looked at here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.bench.findings import Column, Findings, Look, PhotoRun
from daemon.bench.yardstick import CELL
from daemon.imaging import vips
from daemon.steps.view import Picture

Colour = tuple[int, int, int]

PAPER: Colour = (246, 245, 242)
INK: Colour = (38, 38, 40)
FAINT: Colour = (120, 118, 114)
BEST: Colour = (22, 120, 60)
TROUBLE: Colour = (170, 40, 30)
GREYS = 108, 130
"""Around sRGB's mid grey, behind the people."""
ON_GREY: Colour = (240, 240, 240)

_WIDTH = CELL[0]
_NARROWEST = 240
"""Pixels between which a caption stands, however narrow the picture."""
_CHECKER = 10
_GAP = 14
_MARGIN = 24
_LINE = 19
"""Pixels from one line of text to the next."""
_HEAD = 2 * _LINE + 12
_CAPTION = _LINE + 18
_MOST_HEIGHT = 24000
"""Pixels; JPEG ends at 65535, and viewers and patience long before."""
_MOST_PIXELS = 80_000_000


class _Cell(NamedTuple):
    picture: Picture
    caption: tuple[tuple[str, Colour], ...] = ()
    """Words, each in its colour."""
    right: str = ""


def draw(findings: Findings) -> Picture:
    """Draw the sheet.

    Returns:
        (height, width, 3) uint8 RGB; the last photos are left out where they would make it higher
        than 24,000 pixels or larger than 80 megapixels, and it says so.
    """
    columns = [column for column in findings.columns if column.trials]
    looks = [(n, look) for n, look in enumerate(findings.looks) if look.cell is not None]
    referenced = any(look.reference_cell is not None for _, look in looks)
    headings = [("photo", ""), *([("reference", "")] if referenced else [])]
    headings += [(column.name, _summary(column)) for column in columns]
    width = 2 * _MARGIN + len(headings) * (_WIDTH + _GAP) - _GAP
    bands, height = [_headings(headings, width)], _HEAD + 4 * _LINE
    for drawn, (number, look) in enumerate(looks):
        trials = [column.trials[number] for column in columns]
        band = _row(_cells(look, trials, referenced=referenced), width)
        height += len(band)
        if height > min(_MOST_HEIGHT, _MOST_PIXELS // width):
            bands.append(_line(f"{len(looks) - drawn} more photos are not shown", FAINT, width))
            break
        bands.append(band)
    notes = (_line(told, TROUBLE, width) for told in _footnotes(findings))
    return np.concatenate([*bands, *notes, _blank(_MARGIN, width)])


def save(sheet: Picture) -> bytes:
    """The sheet as a JPEG."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), quality)
    assert done
    return bytes(data)


def _footnotes(findings: Findings) -> list[str]:
    told = [f"{c.name} could not run: {c.unavailable}" for c in findings.columns if c.unavailable]
    unread = [look.photo for look in findings.looks if look.cell is None]
    return told + ([f"without any matte: {', '.join(unread)}"] if unread else [])


def _summary(column: Column) -> str:
    told = [] if column.warm_s is None else [f"{column.warm_s:.1f} s"]
    mean = column.mean("iou")
    if mean is not None:
        told.append(f"IoU {mean:.3f}")
    return "   ".join([*told, str(column.device)])


def _cells(look: Look, trials: Sequence[PhotoRun], *, referenced: bool) -> list[_Cell]:
    assert look.cell is not None
    assert look.size is not None
    cells = [_Cell(look.cell, ((look.photo, INK),), _by(look.size))]
    if look.reference_cell is not None and look.reference_size is not None:
        shown = over_checkers(look.cell, look.reference_cell)
        cells.append(_Cell(shown, right=_by(look.reference_size)))
    elif referenced:
        cells.append(_Cell(_said("no reference", _board(look.cell, PAPER), FAINT)))
    scores = [trial.score for trial in trials if trial.score]
    best = (max(s.iou for s in scores), min(s.sad for s in scores)) if len(scores) > 1 else ()
    return cells + [_tried(look.cell, trial, best) for trial in trials]


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _tried(photo: Picture, trial: PhotoRun, best: tuple[float, ...]) -> _Cell:
    """What became of one photo; ``best`` has the row's best IoU and SAD, if there are several."""
    if trial.cell is None:
        told = _said(trial.error or "no matte", _board(photo, PAPER), TROUBLE)
        return _Cell(told, (("failed", TROUBLE),))
    took = f"{trial.cost.total_s:.1f} s" if trial.cost else ""
    picture = over_checkers(photo, trial.cell)
    if trial.empty:
        picture = _said("nobody found", picture, ON_GREY)
    if trial.score is None:
        return _Cell(picture, right=took)
    figures = (
        (f"IoU {trial.score.iou:.3f}", BEST if trial.score.iou in best[:1] else INK),
        (f"SAD {trial.score.sad:.2f}", BEST if trial.score.sad in best[1:] else INK),
    )
    return _Cell(picture, figures, took)


def over_checkers(photo: Picture, alpha: NDArray[np.uint8]) -> Picture:
    """The photo's own colours over the checkerboard."""
    rows, columns = (at // _CHECKER for at in np.ogrid[: alpha.shape[0], : alpha.shape[1]])
    board = np.where((rows + columns) % 2, *GREYS)[..., None]
    share = alpha[..., None] / 255
    return np.asarray(np.rint(photo * share + board * (1 - share)), np.uint8)


def _said(text: str, board: Picture, colour: Colour) -> Picture:
    """Words in the middle of a picture, which is written to."""
    words = _letters(text, "bold", max(40, board.shape[1] - 24), broken=True)
    words = words[: len(board) - 8, : board.shape[1] - 8]
    top, left = ((len(board) - len(words)) // 2, (board.shape[1] - words.shape[1]) // 2)
    _ink(board, words, left, top, colour)
    return board


def _headings(headings: Sequence[tuple[str, str]], width: int) -> Picture:
    band = _blank(_MARGIN + _HEAD, width)
    for number, (name, told) in enumerate(headings):
        left = _MARGIN + number * (_WIDTH + _GAP)
        _write(band, name, left, _MARGIN, INK, style="bold")
        _write(band, told, left, _MARGIN + _LINE + 3, FAINT)
    return band


def _row(cells: Sequence[_Cell], width: int) -> Picture:
    high = len(cells[0].picture)
    band = _blank(high + _CAPTION, width)
    for number, cell in enumerate(cells):
        left = _MARGIN + number * (_WIDTH + _GAP)
        band[:high, left : left + cell.picture.shape[1]] = cell.picture
        right = _letters(cell.right, "", _WIDTH)
        end = left + max(_NARROWEST, cell.picture.shape[1]) - right.shape[1]
        _ink(band, right, end, high + 5, FAINT)
        for words, colour in cell.caption:
            letters = _letters(words, "", end - left - 8)
            _ink(band, letters, left, high + 5, colour)
            left += letters.shape[1] + 12
    return band


def _line(text: str, colour: Colour, width: int) -> Picture:
    band = _blank(_LINE + 4, width)
    _write(band, text, _MARGIN, 0, colour, room=width - 2 * _MARGIN)
    return band


def _blank(height: int, width: int) -> Picture:
    return np.full((height, width, 3), PAPER, np.uint8)


def _board(like: Picture, colour: Colour) -> Picture:
    return np.full_like(like, colour)


def _write(
    band: Picture,
    text: str,
    left: int,
    top: int,
    colour: Colour,
    *,
    style: str = "",
    room: int = _WIDTH,
) -> None:
    _ink(band, _letters(text, style, room), left, top, colour)


def _ink(band: Picture, letters: NDArray[np.uint8], left: int, top: int, colour: Colour) -> None:
    height, width = letters.shape
    part = band[top : top + height, left : left + width]
    share = letters[: len(part), : part.shape[1], None] / 255
    part[...] = np.rint(part * (1 - share) + np.array(colour) * share)


def _letters(text: str, style: str, room: int, *, broken: bool = False) -> NDArray[np.uint8]:
    """A text as coverage, on lines of equal height; what finds no room is cut off with dots."""
    if not text.strip():
        return np.zeros((_LINE, 0), np.uint8)
    family, file = _font()
    font = f"{family} {style} 14"
    if broken:
        return vips.lettered(text, font, file, width=room)
    shown, cut = text, len(text)
    while True:
        letters = _on_a_line(shown, font, file)
        if letters.shape[1] <= room or cut <= 1:
            return letters[:, :room]
        cut = min(cut - 1, int(cut * room / letters.shape[1]) + 1)
        shown = text[:cut].rstrip() + "…"


def _on_a_line(text: str, font: str, file: Path | None) -> NDArray[np.uint8]:
    """What libvips draws is cropped to its ink, and g would stand as high as o without a tall |."""
    tall = vips.lettered("|", font, file)
    both = vips.lettered(f"| {text}", font, file)
    indent = tall.shape[1] + 2
    blank = np.flatnonzero(both[:, indent:].any(axis=0))
    return both[:, indent + int(blank[0]) :] if blank.size else both[:, :0]


@cache
def _font() -> tuple[str, Path | None]:
    """OpenCV brings a font along for its windows; the machine's own otherwise, if it has one."""
    file = Path(cv2.__file__).parent / "qt" / "fonts" / "DejaVuSans.ttf"
    return ("DejaVu Sans", file) if file.exists() else ("sans", None)
