"""The contact sheet, by its pixels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from daemon.bench import sheet
from daemon.bench.findings import Column, Cost, Findings, Look, PhotoRun, Score

PHOTO = np.zeros((400, 300, 3), np.uint8)
PHOTO[:] = (20, 90, 30)
PHOTO[100:, 80:220] = (250, 60, 160)
PERSON = np.zeros((400, 300), np.uint8)
PERSON[100:, 80:220] = 255
COST = Cost(1.25, 0.5, {"matte": 0.5})
SCORE = Score(1, 0.01, 0.02, 3, 4, 0.9, 0.1, 0.5, None)


def made(*trials: PhotoRun, count: int = 1, look: Look | None = None) -> Findings:
    look = look or Look(
        "emma.jpg", (3000, 4000), "emma.png", (300, 400), (300, 400), None, PHOTO, PERSON
    )
    columns = [
        Column(f"engine{n}", "x", "m", "f 1", "cpu", trials=(trial,) * count)
        for n, trial in enumerate(trials)
    ]
    return Findings("plain", (look,) * count, tuple(columns))


def cell(drawn: np.ndarray, column: int) -> np.ndarray:
    """The picture in the first row of a column."""
    left = 24 + column * 334
    top = 24 + 2 * 19 + 12
    return drawn[top : top + 400, left : left + 300]


TRIAL = PhotoRun("emma.jpg", people=1, cost=COST, score=SCORE, cell=PERSON)


def is_board(shown: np.ndarray) -> np.ndarray:
    """Where the checkerboard's greys are."""
    return (shown == 108).all(axis=2) | (shown == 130).all(axis=2)


def test_a_perfect_matte_shows_the_persons_own_colours_on_mid_grey() -> None:
    drawn = sheet.draw(made(TRIAL))
    np.testing.assert_array_equal(cell(drawn, 0), PHOTO)
    for column in (1, 2):
        shown = cell(drawn, column)
        assert (shown[PERSON == 255] == (250, 60, 160)).all()
        np.testing.assert_array_equal(is_board(shown), PERSON == 0)


def test_a_fringe_of_the_old_background_is_seen() -> None:
    wide = cv2.dilate(PERSON, np.ones((9, 9)))
    drawn = sheet.draw(made(replace(TRIAL, cell=wide)))
    fringe = (wide == 255) & (PERSON == 0)
    assert (cell(drawn, 2)[fringe] == (20, 90, 30)).all()


def test_what_has_no_matte_is_clearly_so() -> None:
    empty = replace(TRIAL, empty=True, cell=PERSON * 0, people=0)
    failed = PhotoRun("emma.jpg", error="the engine was killed by SIGSEGV & <more>")
    drawn = sheet.draw(made(empty, failed))
    nobody, broken = cell(drawn, 2), cell(drawn, 3)
    grey = is_board(nobody)
    assert 0.9 < grey.mean() < 0.999  # but for the words
    assert not grey[180:220].all()
    assert grey[:150].all()
    assert (broken[:100] == sheet.PAPER).all()
    reddish = broken[..., 0].astype(int) - broken[..., 2] > 60
    assert reddish[150:250].any()


def test_engines_that_could_not_run_have_a_line_and_no_column() -> None:
    findings = made(TRIAL)
    absent = Column("absent", unavailable="there is no GPU")
    drawn = sheet.draw(replace(findings, columns=(*findings.columns, absent)))
    assert drawn.shape[1] == sheet.draw(findings).shape[1]
    assert drawn.shape[0] > sheet.draw(findings).shape[0]


def test_without_references_there_is_no_column_for_them() -> None:
    look = Look("emma.jpg", (300, 400), cell=PHOTO)
    drawn = sheet.draw(made(replace(TRIAL, score=None), look=look))
    assert drawn.shape[1] == 2 * 24 + 2 * 320 + 14
    assert (cell(drawn, 1)[PERSON == 255] == (250, 60, 160)).all()


def test_the_sheet_stays_of_a_size_that_viewers_open() -> None:
    drawn = sheet.draw(made(TRIAL, count=70))
    assert 70 * 400 > 24_000 > drawn.shape[0] > 23_000
    assert (drawn[-40:-24] != sheet.PAPER).any()  # it says how many are missing


def test_a_sheet_with_many_engines_is_the_shorter_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "_MOST_PIXELS", 20_000_000)
    drawn = sheet.draw(made(*[TRIAL] * 12, count=20))
    assert drawn.size / 3 < 20.5e6
    assert (drawn[-40:-24] != sheet.PAPER).any()  # it says how many are missing


@pytest.mark.parametrize("name", ["W" * 300, "größte Großmutter & <b>Onkel</b>.jpg", " ", "事.png"])
def test_any_name_stays_in_its_column(name: str) -> None:
    look = replace(made(TRIAL).looks[0], photo=name)
    drawn = sheet.draw(made(TRIAL, look=look))
    between = drawn[:, 24 + 320 : 24 + 334]
    assert (between == sheet.PAPER).all()
    caption = drawn[24 + 50 + 400 : 24 + 50 + 430, 24 : 24 + 200]
    assert (caption != sheet.PAPER).any() == bool(name.strip())


def test_a_jpeg_is_near_to_what_was_drawn() -> None:
    drawn = sheet.draw(made(TRIAL))
    back = cv2.imdecode(np.frombuffer(sheet.save(drawn), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(back.astype(int) - drawn).mean() < 2


def test_holes_in_a_grey_dress_are_seen() -> None:
    """On an even mid grey they were not."""
    grey = np.full((40, 60, 3), 119, np.uint8)
    shown = sheet.over_checkers(grey, np.full((40, 60), 80, np.uint8))
    assert np.ptp(shown) > 12
    assert np.ptp(sheet.over_checkers(grey, np.full((40, 60), 255, np.uint8))) == 0
