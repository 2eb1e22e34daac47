"""Who we are among other daemons: on this machine, in other containers, on other machines."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from daemon.machine import private

_NAME = "owner"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def place() -> str:
    """Where numbers of processes mean what they mean to us: this boot and this PID namespace.

    Each container has a process 1. Where it cannot be told, no two calls agree, so that nobody is
    taken for one of us.
    """
    try:
        namespace = os.stat("/proc/self/ns/pid")
        told = f"{_BOOT.read_text()}{namespace.st_dev}:{namespace.st_ino}"
    except OSError:
        told = secrets.token_hex()
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def is_alive(process: int) -> bool:
    """Whether a process of our own place lives; or another one has its number by now."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def owner(state_dir: Path) -> str:
    """What a state directory is known by, over restarts. The caller holds its lock.

    Raises:
        OSError: it cannot be read or written.
    """
    path = state_dir / _NAME
    with contextlib.suppress(FileNotFoundError):
        if known := path.read_text(encoding="ascii", errors="replace").strip():
            return known
    fresh = secrets.token_hex(16)
    with open(path, "w", encoding="ascii", opener=private.opener) as file:
        file.write(fresh + "\n")
    return fresh
