"""The real daemon with the stub engine: ``python run_daemon.py SETTINGS ENGINE_OPTIONS``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from daemon import events
from daemon.service import Service
from daemon.workshop import hosted
from matting.host import EngineSpec

if __name__ == "__main__":
    config, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    here = str(Path(__file__).parent)
    Service(
        config,
        events.set_up(verbose=True),
        engine=lambda wanted, log: hosted(
            EngineSpec("stub_engine", options, timeout_s=wanted.timeout_s, extra_path=(here,)), log
        ),
    ).run()
