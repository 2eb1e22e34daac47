"""What the system allows this process: open files and processes, before they run out half way."""

from __future__ import annotations

import resource

from daemon.errors import MattedError

_FILES = 64
_FILES_PER_WORKER = 8
_PROCESSES = 16
_PROCESSES_PER_WORKER = 8


def demand_enough(workers: int) -> None:
    """Make sure that a daemon with so many photo processes can work; take what is allowed.

    Raises:
        MattedError: too little is allowed; one line that says what to do.
    """
    _demand(resource.RLIMIT_NOFILE, _FILES + _FILES_PER_WORKER * workers, "files", "LimitNOFILE")
    needed = _PROCESSES + _PROCESSES_PER_WORKER * workers
    _demand(resource.RLIMIT_NPROC, needed, "processes", "LimitNPROC")


def _demand(limit: int, needed: int, what: str, setting: str) -> None:
    soft, hard = resource.getrlimit(limit)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        told = f"only {hard} {what} are allowed at once, and {needed} are needed"
        raise MattedError(f"{told}: raise ulimit, or {setting}= of the systemd unit")
    resource.setrlimit(limit, (needed, hard))
