"""What the daemon's processes take: processor time and memory, as the kernel counts them."""

from __future__ import annotations

import time
from pathlib import Path

from tests.stubs.harness import family

_ROLES = {
    b"resource_tracker": "tracker",
    b"spawn_main": "photo",
    b"--status-fd": "engine",
}


def processes(daemon: int) -> dict[str, list[int]]:
    """The daemon's processes by what they do: daemon, engine, photo, tracker."""
    found: dict[str, list[int]] = {"daemon": [daemon]}
    for pid in family(daemon)[1:]:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        role = next((role for mark, role in _ROLES.items() if mark in command), "other")
        found.setdefault(role, []).append(pid)
    return found


def cpu_s(pid: int) -> float:
    """Processor time that a process has taken so far, those of its threads that ended included."""
    # The clock that clock_getcpuclockid(3) gives; /proc/PID/stat counts whole 10 ms only.
    return time.clock_gettime((~pid << 3) | 2)


def family_cpu_s(daemon: int) -> float:
    """The same of the daemon and all its processes that are alive."""
    return sum(cpu_s(pid) for pids in processes(daemon).values() for pid in pids)


def resident_mib(pid: int) -> float:
    """Memory in use now."""
    return _status_mib(pid, "VmRSS")


def peak_mib(pid: int) -> float:
    """The most memory in use since ``forget_peak``."""
    return _status_mib(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Begin to look for the peak anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status_mib(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} has no {field}")
