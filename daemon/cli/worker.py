"""``matted worker``: works on the photos of another machine's daemon."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import load
from daemon.config.executor import scheduler_address
from daemon.errors import SettingsError
from daemon.log import events
from daemon.machine.extras import needed


def main(
    join: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The scheduler's; else the settings' own."),
    ] = None,
    config: Annotated[Path, typer.Option(help="This machine's settings file.")] = Path(
        "matted.yaml"
    ),
) -> None:
    """Work on the photos of a daemon on another machine, until Ctrl-C; docs/cluster.md."""
    settings = load.load(config, folders=False)  # those are the daemon's
    with needed("cluster", "a cluster"):
        from daemon.cluster import certificates  # noqa: PLC0415 - an extra
        from daemon.workstation import running  # noqa: PLC0415 - likewise
    address = _address(join) if join else settings.executor.address
    if address is None:
        fault = "executor: address is not there, and neither is --join: nobody to work for"
        raise SettingsError(str(config), (fault,))
    now, log = datetime.now(UTC), events.set_up()
    own = certificates.check(settings.certificates, now=now)
    if warning := own.warning(now):
        log.warning(events.Event.CERTIFICATE_EXPIRING, reason=warning)
    running.work(address, settings, own, log)


def _address(given: str) -> str:
    try:
        return scheduler_address(given)
    except ValueError as error:
        raise SettingsError("--join", (f"{given} {error}",)) from error
