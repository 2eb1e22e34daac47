"""Looks in several tones agree on more than each of them knows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from matting.people.looks import certainty, consensus, looks, toned


def logit_mean(values, weights):
    """By hand, in double precision."""
    bounded = np.clip(np.array(values, float), 0.002, 0.998)
    odds = np.average(np.log(bounded / (1 - bounded)), weights=weights)
    return 1 / (1 + np.exp(-odds))


def test_certainty_is_what_share_of_the_person_is_decided() -> None:
    sure, unsure = np.zeros((8, 8), np.float32), np.full((8, 8), 0.5, np.float32)
    sure[2:6] = 1
    assert certainty(sure) == 1
    assert certainty(unsure) == 0
    assert certainty(np.zeros((8, 8), np.float32)) == 1


def test_a_sure_look_outvotes_unsure_ones() -> None:
    sure, unsure = np.zeros((4, 4), np.float32), np.full((4, 4), 0.6, np.float32)
    sure[:2] = 0.99
    weights = [certainty(sure) ** 4, 0.02**4]
    agreed = consensus([sure, unsure])
    assert certainty(unsure) < 0.05
    assert agreed[0, 0] == pytest.approx(logit_mean([0.99, 0.6], weights), abs=1e-3)
    assert agreed[3, 3] < 0.01


def test_looks_that_are_all_alike_agree_on_the_same() -> None:
    look = np.random.default_rng(1).random((16, 16)).astype(np.float32) * 0.9 + 0.05
    assert consensus([look] * 6) == pytest.approx(look, abs=1e-4)


def test_a_faded_picture_is_stretched_to_black_and_white_and_its_cast_goes() -> None:
    faded = np.linspace(110, 150, 64 * 64).reshape(64, 64, 1) + np.array([20, 5, -25])
    bright = cv2.cvtColor(toned(faded.astype(np.uint8)), cv2.COLOR_RGB2Lab)
    assert bright[..., 0].min() < 5
    assert bright[..., 0].max() > 250
    assert abs(bright[..., 1:].astype(float) - 128).mean() < 8


def test_a_flat_picture_stays_flat() -> None:
    assert np.ptp(toned(np.full((32, 32, 3), 90, np.uint8))) == 0


def test_every_look_has_the_person_where_she_is(network, astronaut) -> None:
    """Mirrored looks are turned back: her middle is left of the picture's in all six."""
    for look in looks(astronaut, network):
        columns = (look > 0.5).mean(axis=0)
        assert np.average(np.arange(len(columns)), weights=columns) < 125


def test_a_scratched_print_is_seen_by_all_looks_as_well_as_by_most(network, astronaut) -> None:
    """Thin bright lines across a faded picture, as in a worn print."""
    rng = np.random.default_rng(5)
    faded = np.asarray(80 + 0.5 * astronaut.astype(float) @ np.array([0.3, 0.6, 0.1]))
    worn = np.repeat(faded[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)
    for left in rng.integers(0, 512, 5).tolist():
        cv2.line(worn, (left, 0), (left + 20, 511), (235, 235, 235), 1, cv2.LINE_AA)
    truth = consensus(looks(astronaut, network)) > 0.5

    def agreement(look) -> float:
        taken = look > 0.5
        return np.count_nonzero(taken & truth) / np.count_nonzero(taken | truth)

    seen = looks(worn, network)
    assert agreement(consensus(seen)) > np.median([agreement(look) for look in seen])
    assert agreement(consensus(seen)) > 0.9
