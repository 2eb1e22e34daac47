"""``matted`` with the stub engine among those that can be compared: ``run_bench.py bench ...``.

Its contenders: ``stub``, which answers with the red channel; ``blind``, which finds nobody in a
photo whose corner has a red of 0 or 13; ``fragile``, which dies of the latter; and ``absent``,
which cannot start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.config import settings
from daemon.engine import hosting
from daemon.log import events
from matting.process.host import EngineSpec

REAL_RUNNING = hosting.running
OPTIONS: dict[str, dict[str, Any]] = {
    "stub": {},
    "blind": {"when_red": {"0": "nobody", "13": "nobody"}},
    "fragile": {"when_red": {"13": "segfault"}},
    "absent": {"at_load": "refuse"},
    "slow": {"matte_s": 60},
}


def running(wanted: settings.Settings, log: events.Log) -> Any:
    options = OPTIONS.get(str(wanted.engine.model))
    if options is None:
        return REAL_RUNNING(wanted, log)
    here = str(Path(__file__).parent)
    return hosting.hosted(EngineSpec("stub_engine", options, extra_path=(here,)), log)


hosting.running = running  # type: ignore[assignment] # on purpose

from daemon import cli  # noqa: E402 - see above
from daemon.bench import contenders  # noqa: E402 - see above

REAL_KNOWN = contenders.known


def known(wanted: settings.Settings) -> dict[str, contenders.Contender]:
    stubs = {
        name: contenders.Contender(name, contenders.with_engine(wanted, name="auto", model=name))
        for name in OPTIONS
    }
    return REAL_KNOWN(wanted) | stubs


if __name__ == "__main__":
    contenders.known = known
    cli.main()
