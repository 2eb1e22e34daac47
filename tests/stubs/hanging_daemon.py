"""The daemon as `matted run` starts it, but its scan or its engine hangs once, on request.

``python hanging_daemon.py SETTINGS``: where /srv/matted/hang-scan or hang-engine exists, the next
scan or picture removes that file and then hangs for ever, as a scan on a dead share would, in the
main thread, while all other threads live on.
"""

from __future__ import annotations

import importlib
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from daemon.config.settings import Settings
from daemon.engine import hosting
from daemon.log import events
from matting.process.host import EngineSpec

# What is put in their places below is theirs by import alone, which a checker takes for private.
run: Any = importlib.import_module("daemon.cli.run")
folder: Any = importlib.import_module("daemon.intake.folder")

FLAG = Path("/srv/matted/hang-scan")
REAL_SCAN = folder.scan


def scan(*args: Any, **options: Any) -> Any:
    if FLAG.exists():
        FLAG.unlink()
        time.sleep(3600)
    return REAL_SCAN(*args, **options)


def running(wanted: Settings, log: events.Log) -> Any:
    here = str(Path(__file__).parent)
    spec = EngineSpec("hanging_engine", {}, timeout_s=wanted.engine.timeout_s, extra_path=(here,))
    return hosting.hosted(spec, log)


if __name__ == "__main__":
    folder.scan = scan
    run.Service = partial(run.Service, engine=running)
    run.main(Path(sys.argv[1]))
