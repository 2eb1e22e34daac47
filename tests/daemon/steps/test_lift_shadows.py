"""The tone curve, judged in the L*a*b* of scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2lab

from daemon.steps import lift_shadows
from daemon.steps.view import View

RAMP = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)


def lifted(picture: np.ndarray, amount: float) -> np.ndarray:
    return lift_shadows.apply(View.of(picture, 512), lift_shadows.Options(amount=amount)).pixels


@pytest.mark.parametrize("amount", [0.05, 0.2, 0.6, 1.0])
def test_it_lifts_never_reverses_and_keeps_black_and_white(amount: float) -> None:
    tones = lifted(RAMP, amount)[0, :, 0].astype(int)
    assert tones[0] == 0
    assert tones[255] == 255
    assert (np.diff(tones) >= 0).all()
    assert (tones >= RAMP[0, :, 0]).all()


def test_the_default_is_gentle() -> None:
    """The lightness that scikit-image sees grows by the curve's amount and no more."""
    before, after = (rgb2lab(tones)[0, :, 0] for tones in (RAMP, lifted(RAMP, 0.2)))
    share = before / 100
    assert (
        np.abs(after - before - 40 * share * (1 - share) ** 3).max() < 0.45
    )  # a level of 8 bits is up to 0.45 here
    assert (after - before).max() < 5


def test_hue_is_kept() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(60, 160, (40, 40, 3), dtype=np.uint8)
    before, after = rgb2lab(picture), rgb2lab(lifted(picture, 0.5))
    turned = np.angle(np.exp(1j * (hue(after) - hue(before))))
    assert np.abs(turned[np.hypot(before[..., 1], before[..., 2]) > 10]).max() < 0.05


def hue(lab: np.ndarray) -> np.ndarray:
    return np.arctan2(lab[..., 2], lab[..., 1])
