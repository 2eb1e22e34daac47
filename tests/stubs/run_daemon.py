"""The real daemon with the stub engine: ``python run_daemon.py SETTINGS ENGINE_OPTIONS``.

Photo processes import this module too, as multiprocessing has it, so they know the stub step.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import misbehave

from daemon.steps import STEPS

STEPS["misbehave"] = misbehave  # before profiles are imported, which read the registry

from daemon import events  # noqa: E402 - see above
from daemon.service import Service  # noqa: E402 - see above
from daemon.workshop import hosted  # noqa: E402 - see above
from matting.host import EngineSpec  # noqa: E402 - see above

if __name__ == "__main__":
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
