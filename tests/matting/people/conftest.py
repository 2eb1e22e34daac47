"""The network, and pictures with and without people that need no photo from elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from matting.people import Network, Networks

Picture = NDArray[np.uint8]


@pytest.fixture(scope="session")
def networks(people_network: Path) -> Networks:
    return Networks.load(str(people_network))


@pytest.fixture(scope="session")
def network(networks: Networks) -> Network:
    return networks.quick


@pytest.fixture(scope="session")
def astronaut() -> Picture:
    """A portrait that fills the picture, 512 x 512."""
    return np.asarray(data.astronaut(), np.uint8)


@pytest.fixture(scope="session")
def bare_wall() -> Picture:
    """Nobody: a wall, lighter on one side, with grain; (700, 1000, 3)."""
    light = np.linspace(90, 170, 1000)[None, :, None] * np.ones((700, 1, 3))
    grain = np.random.default_rng(3).normal(0, 4, (700, 1000, 1))
    return np.asarray((light + grain).clip(0, 255), np.uint8)
