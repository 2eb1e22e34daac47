"""The foreground's colours are found, and the backdrop leaves no halo."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pymatting import estimate_foreground_ml

from matting.picture import foreground
from matting.picture.foreground import estimate_foreground

SIZE = 600


def soft_disc(size: int = SIZE) -> NDArray[np.uint16]:
    """A matte with soft and with wispy edges, across several tiles."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size] - size / 2
    angle = np.arctan2(y, x)
    wisps = np.interp(angle, np.linspace(-np.pi, np.pi, 90), rng.uniform(4, 40, 90))
    edge = ((0.36 * size - np.hypot(x, y)) / wisps + 0.5).clip(0, 1)
    return np.rint(edge * 65535).astype(np.uint16)


@pytest.fixture(scope="module")
def truth(photos_dir: Path) -> NDArray[np.float32]:
    """Real colours, (SIZE, SIZE, 3), 0..1, smoothed as a person out of focus at the edge is."""
    photo = cv2.imread(str(photos_dir / "windswept.jpg"))[300:900, 200:800]
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), 4) / np.float32(255))


def composed(
    truth: NDArray[np.float32], alpha: NDArray[np.uint16], dtype: type
) -> NDArray[np.uint16]:
    """The foreground before a strongly coloured, uneven backdrop."""
    y, x = np.mgrid[:SIZE, :SIZE] / np.float32(SIZE)
    backdrop = np.dstack([0.1 + 0.2 * x, 0.9 - 0.3 * y, 0.3 + 0.2 * x])
    share = alpha[..., None] / np.float32(65535)
    mixed = share * truth + (1 - share) * backdrop
    return np.rint(mixed * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_known_colours_come_back(truth: NDArray[np.float32], dtype: type) -> None:
    """Less than a fifth of the error that the photo's own pixels have."""
    alpha = soft_disc()
    pixels = composed(truth, alpha, dtype)
    found = estimate_foreground(pixels, alpha)
    assert found.dtype == dtype
    soft = (alpha > 0) & (alpha < 65535)
    most, weight = np.iinfo(dtype).max, alpha[soft, None] / 65535
    before, after = (
        (np.abs(picture / most - truth)[soft] * weight).mean() for picture in (pixels, found)
    )
    assert after < before / 5


def test_on_white_there_is_no_coloured_halo(truth: NDArray[np.float32]) -> None:
    """The green of the backdrop, over what the true colours have, in the worst places."""
    alpha = soft_disc()
    pixels = composed(truth, alpha, np.uint8)
    found = estimate_foreground(pixels, alpha)
    soft = (alpha > 0) & (alpha < 65535)
    share = alpha[soft, None] / 65535
    excess = [
        share * (picture / 255 - truth)[soft] @ [-0.5, 1, -0.5] for picture in (found, pixels)
    ]
    ours, naive = (np.percentile(values, 99) for values in excess)
    assert naive > 0.12
    assert ours < 0.03


def test_opaque_pixels_and_the_far_outside_stay_exact(truth: NDArray[np.float32]) -> None:
    alpha = soft_disc()
    pixels = composed(truth, alpha, np.uint16)
    found = estimate_foreground(pixels, alpha)
    far = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((65, 65), np.uint8)) == 0
    assert (found[alpha == 65535] == pixels[alpha == 65535]).all()
    assert far.any()
    assert (found[far] == pixels[far]).all()


def test_just_outside_the_edge_the_backdrop_is_gone(truth: NDArray[np.float32]) -> None:
    """A viewer that scales colours and alpha apart mixes these pixels into the edge."""
    alpha = soft_disc()
    pixels = composed(truth, alpha, np.uint8)
    found = estimate_foreground(pixels, alpha)
    small, clear = (cv2.resize(p, (75, 75), interpolation=cv2.INTER_AREA) for p in (found, alpha))
    original = cv2.resize(pixels, (75, 75), interpolation=cv2.INTER_AREA)
    wanted = cv2.resize(truth, (75, 75), interpolation=cv2.INTER_AREA)
    edge = (clear > 3000) & (clear < 60000)
    ours, naive = (np.abs(p / 255 - wanted)[edge].mean() for p in (small, original))
    assert ours < naive / 3


def test_no_seams(truth: NDArray[np.float32]) -> None:
    """Shifting the photo shifts the tiles and must not show.

    The difference is bounded as a whole, and nowhere does it jump as it would at a seam.
    """
    alpha = soft_disc()
    pixels = composed(truth, alpha, np.uint16)
    whole = estimate_foreground(pixels, alpha)[90:, 70:].astype(float)
    part = estimate_foreground(pixels[90:, 70:], alpha[90:, 70:])
    difference = (whole - part) * (alpha[90:, 70:, None] / 65535) / 257
    assert np.abs(difference).max() < 10
    assert np.abs(difference).mean() < 0.2
    across, down = (np.abs(np.diff(difference, axis=axis)) for axis in (0, 1))
    assert max(across.mean(axis=(1, 2)).max(), down.mean(axis=(0, 2)).max()) < 0.2


def test_sixteen_bits_are_more_than_eight(truth: NDArray[np.float32]) -> None:
    alpha = soft_disc()
    deep = estimate_foreground(composed(truth, alpha, np.uint16), alpha)
    soft = (alpha > 0) & (alpha < 65535)
    assert len(np.unique(deep[soft])) > 5000


@pytest.mark.parametrize("value", [0, 30000, 65535])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (257, 3)])
def test_tiny_and_flat_mattes_do_no_harm(size: tuple[int, int], value: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    pixels.flags.writeable = False
    found = estimate_foreground(pixels, np.full(size, value, np.uint16))
    assert found.shape == pixels.shape
    if value != 30000:
        assert (found == pixels).all()


def test_importing_the_module_does_not_import_numba() -> None:
    """The daemon process and the engine never need it, and it takes a third of a second."""
    code = "import sys, matting.picture.foreground; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_threads_and_strips_change_next_to_nothing(
    truth: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same photo in one strip and in many, of 64 rows each, is the same within a level."""
    alpha = soft_disc()
    pixels = composed(truth, alpha, np.uint8)
    whole = estimate_foreground(pixels, alpha).astype(int)
    monkeypatch.setattr(foreground, "_STRIP", 2000)
    parts = estimate_foreground(pixels, alpha, threads=3)
    apart = np.abs(whole - parts) * (alpha[..., None] / 65535)
    assert apart.max() < 3
    assert apart.mean() < 0.005


@pytest.mark.usefixtures("untraced")
def test_time_goes_by_the_soft_edge_and_not_by_the_picture() -> None:
    """A thin fringe takes a fraction of what solving for the whole picture takes.

    Tiles along the fringe took nearly twice as long as that.
    """
    alpha = np.zeros((3000, 200), np.uint16)
    alpha[:, 100:] = 65535
    alpha[:, 98:102] = 30000
    pixels = np.random.default_rng(1).integers(0, 256, (*alpha.shape, 3), dtype=np.uint8)
    colours, shares = pixels / 255, alpha / 65535
    estimate_foreground(pixels[:100], alpha[:100])  # compiled, or read from where it is kept
    began_s = time.process_time()
    estimate_foreground_ml(colours, shares)
    between_s = time.process_time()
    estimate_foreground(pixels, alpha)
    assert time.process_time() - between_s < (between_s - began_s) / 2


def test_a_soft_photo_takes_no_memory_for_all_of_it_at_once() -> None:
    """Everything soft is what no strip of rows may grow with."""
    program = """
import resource
import numpy as np
from matting.picture.foreground import estimate_foreground
def peak(rows):
    pixels = np.full((rows, 2000, 3), 99, np.uint8)
    alpha = np.full((rows, 2000), 30000, np.uint16)
    estimate_foreground(pixels, alpha)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((peak(3000) - peak(1000)) / (2000 * 2000 / 1024))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert float(told.stdout) < 20  # bytes per pixel more: photo, matte, result and lists of 1/64
