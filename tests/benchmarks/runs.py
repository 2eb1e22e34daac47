"""Programs run to their end, with the processor time and the memory of all that they started."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """What one took."""

    wall_s: float
    cpu_s: float
    """Of all its processes."""
    peak_mib: float
    """Of the process that took most."""


def run(command: Sequence[str], *, env: Mapping[str, str] = {}) -> Run:
    """Run a program to its end.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    began_s = time.monotonic()
    with subprocess.Popen(
        command, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)  # of whatever it has waited for, too
        child.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - began_s
    if child.returncode:
        told = said.decode(errors="replace")[-1000:]
        raise RuntimeError(f"{command[0]} ended with {child.returncode}: {told}")
    return Run(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
