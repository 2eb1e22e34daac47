"""The real daemon with the stub engine: ``python run_daemon.py SETTINGS ENGINE_OPTIONS``.

Photo processes import this module too, as multiprocessing has it, so they know the stub step.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import time
from pathlib import Path

import misbehave

from daemon.steps import STEPS

STEPS["misbehave"] = misbehave  # before profiles are imported, which read the registry

from daemon.engine.hosting import hosted  # noqa: E402 - see above
from daemon.log import events  # noqa: E402 - see above
from daemon.service.service import Service  # noqa: E402 - see above
from matting.process.host import EngineSpec  # noqa: E402 - see above


def step_clock(offset_file: Path) -> None:
    """Let the wall clock be off by the seconds in a file, as NTP or a long sleep leaves it."""
    right = time.time

    def stepped() -> float:
        return right() + float((offset_file.exists() and offset_file.read_text()) or 0)

    time.time = stepped


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR2)  # where it hangs, for whoever waits for its end
    if "CLOCK_OFFSET_FILE" in os.environ:
        step_clock(Path(os.environ["CLOCK_OFFSET_FILE"]))
    config, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    here = str(Path(__file__).parent)
    Service(
        config,
        events.set_up(verbose=True),
        engine=lambda wanted, log: hosted(
            EngineSpec(
                "stub_engine", options, timeout_s=wanted.engine.timeout_s, extra_path=(here,)
            ),
            log,
        ),
    ).run()
