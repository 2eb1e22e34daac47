"""A real worker with the stub engine: ``python run_worker.py SETTINGS ENGINE_OPTIONS [FAULT]``.

Photo processes import this module too, as multiprocessing has it, so they know the stub step.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import misbehave

from daemon.steps import STEPS

STEPS["misbehave"] = misbehave  # before profiles are imported, which read the registry

import faulty_workers  # noqa: E402 - see above

from daemon.cluster import certificates  # noqa: E402 - see above
from daemon.config import load  # noqa: E402 - see above
from daemon.engine.hosting import hosted  # noqa: E402 - see above
from daemon.log import events  # noqa: E402 - see above
from daemon.workstation import running  # noqa: E402 - see above
from matting.process.host import EngineSpec  # noqa: E402 - see above

if __name__ == "__main__":
    config, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    settings = load.load(config)
    here = str(Path(__file__).parent)
    faulty_workers.become(sys.argv[3] if len(sys.argv) > 3 else "well")
    assert settings.executor.address is not None
    running.work(
        settings.executor.address,
        settings,
        certificates.check(settings.certificates, now=datetime.now(UTC)),
        events.set_up(verbose=True),
        open_engine=lambda wanted, log: hosted(
            EngineSpec(
                "stub_engine", options, timeout_s=wanted.engine.timeout_s, extra_path=(here,)
            ),
            log,
        ),
    )
