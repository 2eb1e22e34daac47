"""How this program is called from where it runs: for messages that say what to type."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # settings know pictures, which the command line must start without
    from daemon.config.settings import Settings


def typed(words: str, settings: Settings) -> str:
    """A command of this program's, to be copied into a shell.

    Args:
        words: a verb and what follows it.
        settings: the command is about the models and the state of these.
    """
    config = "" if settings.file is None else f" --config {shlex.quote(str(settings.file))}"
    return f"{_as_owner(settings)}{program()} {words}{config}"


def program() -> str:
    """``matted`` where that is this one, else a path; relative if that is shorter."""
    beside = Path(sys.executable).parent / "matted"
    if not beside.exists():
        return f"{shlex.quote(sys.executable)} -m daemon"
    found = shutil.which("matted")
    if found is not None and Path(found).resolve() == beside.resolve():
        return "matted"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))


def _as_owner(settings: Settings) -> str:
    """A service's models are its user's, whoever reads the message."""
    if settings.file is None or not settings.state_dir.exists():
        return ""
    owner = settings.state_dir.stat().st_uid
    in_service = "INVOCATION_ID" in os.environ and "MANAGERPID" not in os.environ
    if owner == os.geteuid() and (owner == 0 or not in_service):
        return ""
    try:
        return f"sudo -u {pwd.getpwuid(owner).pw_name} "
    except KeyError:  # a container's user needs no name
        return ""
