"""The network, and pictures with and without a face that need no photo from elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from matting.faces import Network
from matting.picture.boxes import Box

Picture = NDArray[np.uint8]


@pytest.fixture(scope="session")
def network() -> Network:
    return Network.load()


@pytest.fixture(scope="session")
def astronaut() -> Picture:
    return np.asarray(data.astronaut(), np.uint8)


@pytest.fixture(scope="session")
def her_face() -> Box:
    """Brows to chin, by eye."""
    return Box(178, 82, 95, 95)


@pytest.fixture(scope="session")
def bare_wall() -> Picture:
    """Nobody: a wall, lighter on one side, with grain; (700, 1000, 3)."""
    light = np.linspace(90, 170, 1000)[None, :, None] * np.ones((700, 1, 3))
    grain = np.random.default_rng(3).normal(0, 4, (700, 1000, 1))
    return np.asarray((light + grain).clip(0, 255), np.uint8)
