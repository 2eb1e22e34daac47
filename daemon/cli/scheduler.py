"""``matted scheduler``: brings the daemon's photos to the workers of other machines."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import load
from daemon.errors import SettingsError
from daemon.log import events
from daemon.machine.extras import needed
from daemon.machine.lock import Lock


def main(
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
) -> None:
    """Bring photos to the workers that have joined; beside the daemon, until Ctrl-C."""
    settings = load.load(config)
    address = settings.executor.address
    if settings.executor.name != "dask" or address is None:
        raise SettingsError(str(config), ("executor: name is not dask: no machine could join",))
    with needed("cluster", "a cluster"):
        from daemon.cluster import certificates, scheduler, tuning, waiting  # noqa: PLC0415 - an extra
    now = datetime.now(UTC)
    own = certificates.check(settings.certificates, now=now)
    secured = tuning.security(own.authority, own.certificate, own.key)
    log = events.set_up()
    if warning := own.warning(now):
        log.warning(events.Event.CERTIFICATE_EXPIRING, reason=warning)
    with Lock(settings.state_dir / "scheduler"):
        waiting.until_told(
            scheduler.serve(
                address,
                settings.state_dir,
                secured,
                ttl_s=settings.executor.worker_ttl_s,
                log=log,
            )
        )
