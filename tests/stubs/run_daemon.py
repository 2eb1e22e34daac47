"""The real daemon with the stub engine: ``python run_daemon.py SETTINGS ENGINE_OPTIONS``."""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

from daemon import events
from daemon.engine_room import tell
from daemon.service import Service
from matting.host import EngineHost, EngineSpec


def start_stub(options, wanted, log):
    spec = EngineSpec(
        "stub_engine",
        options,
        timeout_s=wanted.timeout_s,
        extra_path=(str(Path(__file__).parent),),
    )
    runtime_dir = Path(tempfile.mkdtemp(prefix="matted-"))
    host = EngineHost(spec, runtime_dir, lambda name, facts: tell(log, name, facts))
    host.start()
    return host


if __name__ == "__main__":
    config, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    start = partial(start_stub, options)
    Service(config, events.set_up(verbose=True), start_engine=start).run()
