"""What a program within the unit's sandbox can do; prints one JSON object."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import socket
from collections.abc import Callable
from pathlib import Path


def attempt(act: Callable[[], object]) -> str:
    """`yes`, or the name of the error."""
    try:
        act()
    except OSError as error:
        return type(error).__name__ if error.errno is None else os.strerror(error.errno)
    return "yes"


def unshare() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "unshare")


def write(directory: str) -> Callable[[], object]:
    return lambda: (Path(directory) / "probe").write_text("x")


WRITTEN = ("/srv/matted/results", "/var/lib/matted", "/var/cache/matted", "/run/matted", "/tmp")  # noqa: S108 - that is asked
SPARED = ("/etc/open", "/opt/open", "/usr/local/open", "/srv/open", "/var/open", "/home/open")
"""The test makes these, and everybody may write there."""


if __name__ == "__main__":
    found = {f"write {place}": attempt(write(place)) for place in WRITTEN + SPARED}
    found["internet"] = attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    found["netlink"] = attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
    found["unix"] = attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    found["namespace"] = attempt(unshare)
    found["null"] = attempt(lambda: os.close(os.open("/dev/null", os.O_RDWR)))
    found["others"] = attempt(lambda: os.listdir("/proc/1"))
    executable = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    found["compile"] = attempt(lambda: mmap.mmap(-1, 4096, prot=executable))
    print(json.dumps(found))  # noqa: T201 - it is read from the journal
