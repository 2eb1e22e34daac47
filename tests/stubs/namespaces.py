"""Machines that are network namespaces of this one, on a switch of their own. As root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

_NET = f"10.{100 + os.getpid() // 250 % 100}.{os.getpid() % 250}"
"""Of this process alone: two that had the same could not both be reached."""
DAEMON = f"{_NET}.1"


@dataclass(frozen=True)
class Namespace:
    """One machine, and its line."""

    name: str
    line: str
    """Our end of it."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """Before a command that is to run there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """As a cable that is pulled: nobody is told anything."""
        _ip("link", "set", self.line, "down")

    def heal(self) -> None:
        _ip("link", "set", self.line, "up")


def _ip(*args: str) -> None:
    subprocess.run(["ip", *args], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def switched(count: int) -> Iterator[list[Namespace]]:
    """So many machines beside the daemon's, which is at ``DAEMON``."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("NOT TESTED: network namespaces need root and iproute2")
    own = f"mt{os.getpid() % 100000}"
    made = [Namespace(f"{own}n{one}", f"{own}v{one}") for one in range(count)]
    try:
        _ip("link", "add", own, "type", "bridge")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"NOT TESTED: no network can be made here: {error.stderr.strip()}")
    try:
        _ip("addr", "add", f"{DAEMON}/24", "dev", own)
        _ip("link", "set", own, "up")
        for number, one in enumerate(made):
            _add(one, own, f"{_NET}.{number + 11}/24")
        yield made
    finally:
        for one in made:
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "del", one.name)
        _ip("link", "del", own)


def _add(one: Namespace, switch: str, address: str) -> None:
    _ip("netns", "add", one.name)
    _ip("link", "add", one.line, "type", "veth", "peer", "name", "eth0", "netns", one.name)
    _ip("link", "set", one.line, "master", switch, "up")
    _ip("-n", one.name, "addr", "add", address, "dev", "eth0")
    _ip("-n", one.name, "link", "set", "eth0", "up")
    _ip("-n", one.name, "link", "set", "lo", "up")
