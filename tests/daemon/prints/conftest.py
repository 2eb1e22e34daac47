"""Photos to lay on a platen."""

from __future__ import annotations

import pytest
import skimage.data
from laid_prints import Picture


@pytest.fixture(scope="module")
def photos() -> list[Picture]:
    astronaut = skimage.data.astronaut()
    return [astronaut, astronaut[:, ::-1].copy(), skimage.data.chelsea(), skimage.data.coffee()]
