"""``matted run``: the daemon."""

from __future__ import annotations

import faulthandler
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import Exit, exit_code
from daemon.errors import MattedError, SettingsError
from daemon.log import events
from daemon.log.events import Event
from daemon.service.service import Service


def main(
    config: Annotated[Path, typer.Option(help="The settings file.")] = Path("matted.yaml"),
    *,
    verbose: Annotated[bool, typer.Option(help="Also log what is rarely of interest.")] = False,
) -> None:
    """Watch the folders of a settings file until told to stop (SIGTERM or Ctrl-C)."""
    faulthandler.enable()  # what the watchdog aborts says where it was stuck
    log = events.set_up(verbose=verbose)
    try:
        Service(config, log).run()
    except MattedError as error:
        if not events.under_journal(sys.stderr):
            raise  # one clear line for people
        log.critical(Event.SERVICE_FAILED, **_facts_of(error))
        raise typer.Exit(exit_code(error)) from error
    except Exception:
        log.critical(Event.SERVICE_FAILED, reason="a fault in matted itself", exc_info=True)
        raise typer.Exit(Exit.PHOTOS_FAILED) from None


def _facts_of(error: MattedError) -> dict[str, Any]:
    if isinstance(error, SettingsError):
        return {"reason": f"faults in {error.source}", "faults": error.faults}
    return {"reason": str(error)}
