"""Of all rectangles that could be prints those are chosen that explain what lies there."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.prints import cover
from daemon.prints.hypotheses import Hypothesis
from daemon.prints.rectangle import Rectangle


def box(left: int, top: int, right: int, bottom: int) -> Rectangle:
    return Rectangle((left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 0.0)


def likely(one: Rectangle, seen: float, filled: float = 1.0) -> Hypothesis:
    return Hypothesis(one, seen, filled)


@pytest.fixture
def mask() -> np.ndarray:
    """Two prints that touch: one of 200 x 300, one of 160 x 200 beside it."""
    lies = np.zeros((420, 480), np.uint8)
    lies[50:350, 50:250] = 1
    lies[100:300, 250:410] = 1
    return lies


TWO = [likely(box(50, 50, 250, 350), 0.95), likely(box(250, 100, 410, 300), 0.95)]


def test_two_prints_are_cheaper_than_one_with_platen_in_it(mask: np.ndarray) -> None:
    one = likely(box(50, 50, 410, 350), 0.8, 0.85)
    found = cover.cheapest([one, *TWO], mask)
    assert sorted(found.chosen) == [1, 2]
    assert found.lead > 100


def test_a_print_is_not_cut_along_a_line_in_its_picture(mask: np.ndarray) -> None:
    halves = [likely(box(50, 50, 250, 200), 0.9), likely(box(50, 200, 250, 350), 0.9)]
    assert sorted(cover.cheapest([*halves, *TWO], mask).chosen) == [2, 3]


def test_two_of_one_width_that_touch_are_not_one_that_is_longer_than_prints_are() -> None:
    """What is one rectangle has one outline less to show, and every side of it may be seen."""
    mask = np.zeros((360, 660), np.uint8)
    mask[30:330, 30:630] = 1
    one = likely(box(30, 30, 630, 330), 1.0)
    two = [likely(box(30, 30, 330, 330), 0.97), likely(box(330, 30, 630, 330), 0.96)]
    found = cover.cheapest([one, *two], mask)
    assert sorted(found.chosen) == [1, 2]
    assert found.lead < 100


def test_what_no_rectangle_explains_is_left_over(mask: np.ndarray) -> None:
    found = cover.cheapest(TWO[:1], mask)
    assert found.chosen == (0,)
    assert found.left_over == pytest.approx(160 * 200, rel=0.05)


def test_prints_that_share_more_than_a_corner_are_not_both_chosen(mask: np.ndarray) -> None:
    over = likely(box(150, 60, 250, 340), 0.9)
    assert sorted(cover.cheapest([*TWO, over], mask).chosen) == [0, 1]


def test_nothing_is_chosen_of_nothing(mask: np.ndarray) -> None:
    found = cover.cheapest([], mask)
    assert found.chosen == ()
    assert found.left_over == mask.sum()


def test_of_two_equally_good_choices_neither_leads() -> None:
    """A square of four quarters, each as good with its left as with its upper neighbour."""
    mask = np.zeros((260, 260), np.uint8)
    mask[30:230, 30:230] = 1
    lying = [likely(box(30, 30, 230, 130), 0.9), likely(box(30, 130, 230, 230), 0.9)]
    standing = [likely(box(30, 30, 130, 230), 0.9), likely(box(130, 30, 230, 230), 0.9)]
    assert cover.cheapest([*lying, *standing], mask).lead < 10
