"""The stub engine, which does as files in /srv/matted say.

``hang-engine``: it removes that file and hangs; ``slow``: it naps at every picture;
``slow-start``: it takes its time to load.
"""

from __future__ import annotations

import os
import time

import numpy as np
from stub_engine import StubEngine, hang, obey

from matting.engines import Answer


def load(options: dict[str, object]) -> HangingEngine:
    if os.path.exists("/srv/matted/slow-start"):
        time.sleep(6)
    return HangingEngine(options)


class HangingEngine(StubEngine):
    """Answers with the red channel, mostly."""

    def matte(self, pixels: np.ndarray) -> Answer:
        if os.path.exists("/srv/matted/hang-engine"):
            os.unlink("/srv/matted/hang-engine")
            hang()
        if os.path.exists("/srv/matted/slow"):
            time.sleep(3)
        answer: Answer = obey(pixels)
        return answer
