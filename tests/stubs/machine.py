"""A machine with a systemd of its own: an overlay of this one's root, booted by systemd-nspawn.

What is written there is gone afterwards; nothing of it can be seen from outside, since all mounts
are made in a private mount namespace, and nothing leaves it, since it has no network when booted.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Fact = dict[str, Any]
WITHIN_S = 60
NAME = "matted-test"
PASSED_ON = ("PIP_", "UV_", "HTTP", "http", "NO_PROXY", "no_proxy", "SSL_")

# The overlay's own layer must not lie on an overlay, which / may be; a tmpfs always does.
_HOLD = """
set -e
mount -t tmpfs -o size=6g,mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
# What this machine starts is not ours to start again.
cd "$1/root/etc/systemd/system"
for unit in $(ls -d *.wants/* 2>/dev/null | grep -E '(service|timer|mount|path|socket)$'); do
    ln -sfn /dev/null "$(basename "$unit")"
done
rm -f "$1/root/etc/machine-id"
tr -d - < /proc/sys/kernel/random/uuid > "$1/root/etc/machine-id"
echo held
exec sleep infinity
"""


class Unavailable(Exception):
    """No machine can be booted here."""


def demand() -> None:
    """Make sure that a machine can be booted.

    Raises:
        Unavailable: with what is missing.
    """
    if os.geteuid() != 0:
        raise Unavailable("only root can boot a systemd")
    for program in ("systemd-nspawn", "nsenter", "unshare"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed")
    if not Path("/lib/systemd/systemd").exists():
        raise Unavailable("systemd is not installed")


class Machine:
    """Held by a sleeping process whose mount namespace has the overlay; booted on demand."""

    def __init__(self, place: Path) -> None:
        """Make the overlay.

        Raises:
            Unavailable: this kernel or container does not allow it.
        """
        demand()
        self._place = place
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _HOLD, "sh", place],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "held\n":
            raise Unavailable(f"no overlay: {self._holder.communicate()[1].strip()}")
        self._booted: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self.booted_at_s = 0.0

    @property
    def root(self) -> Path:
        """Its root directory, as seen from outside."""
        if self._leader:
            return Path(f"/proc/{self._leader}/root")
        return Path(f"/proc/{self._holder.pid}/root{self._place}/root")

    def chroot(self, command: str) -> str:
        """Run a shell command there before it is booted, with this machine's network."""
        settings = [f"--setenv={k}={v}" for k, v in os.environ.items() if k.startswith(PASSED_ON)]
        return self._checked([*self._nspawn("--pipe"), *settings, "sh", "-c", command])

    def boot(self) -> None:
        """Boot it, without a network, and wait until systemd has done its part."""
        self.booted_at_s = time.monotonic()
        self._booted = subprocess.Popen(
            [*self._nspawn("--boot", "--private-network", "--link-journal=no")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        children = Path(f"/proc/{self._booted.pid}/task/{self._booted.pid}/children")
        self._until(lambda: len(children.read_text()) > 0)
        self._leader = int(children.read_text().split()[0])
        self._until((self.root / "run/systemd/private").exists)
        self.run("systemctl", "is-system-running", "--wait", check=False)

    def stop(self) -> None:
        """Take it down; nothing of it is left."""
        if self._booted is not None:
            if self._leader:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._leader, signal.SIGKILL)  # its init, and so all that runs in it
            self._booted.send_signal(signal.SIGKILL)
            self._booted.wait()
            # All that runs in it is killed with its init, which takes a while on a busy machine.
            until_s = time.monotonic() + WITHIN_S
            while self._leader and Path(f"/proc/{self._leader}/root/etc").exists():
                assert time.monotonic() < until_s, "it is taken down, and still there"
                time.sleep(0.05)
        self._holder.kill()
        self._holder.communicate()

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command on the booted machine; returns what it said."""
        whole = ["nsenter", "--target", str(self._leader), "--all", "--", *command]
        return self._checked(whole, check=check)

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).strip()

    def cursor(self) -> str:
        """Where the journal ends at present."""
        told = self.run("journalctl", "--lines=1", "--output=json", "--quiet", check=False)
        return str(json.loads(told)["__CURSOR"]) if told else ""

    def journal(self, cursor: str, *matches: str) -> list[Fact]:
        """What the journal has since a cursor."""
        # Not --after-cursor: with matches, systemd 252 leaves out the first that is found.
        since = [f"--cursor={cursor}"] if cursor else []
        told = self.run("journalctl", "--output=json", "--quiet", "--all", *since, *matches)
        found = [json.loads(line) for line in told.splitlines()]
        return [one for one in found if one["__CURSOR"] != cursor]

    def await_(
        self, cursor: str, *matches: str, count: int = 1, within_s: float = WITHIN_S
    ) -> Fact:
        """Wait until the journal has so many entries that match, and return the last."""
        until_s = time.monotonic() + within_s
        while len(found := self.journal(cursor, *matches)) < count:
            if time.monotonic() > until_s:
                story = "\n".join(str(one.get("MESSAGE")) for one in self.journal(cursor))
                raise AssertionError(f"no {count} {matches} but\n{story}")
            time.sleep(0.3)
        return found[count - 1]

    def _nspawn(self, *how: str) -> list[str]:
        enter = ["nsenter", "--target", str(self._holder.pid), "--mount", "--"]
        own = ["--quiet", "--register=no", "--keep-unit", f"--machine={NAME}"]
        return [*enter, "systemd-nspawn", *own, f"--directory={self._place}/root", *how]

    def _checked(self, command: list[str], *, check: bool = True) -> str:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if check else subprocess.DEVNULL,
            text=True,
            timeout=400,
        )
        assert not check or done.returncode == 0, f"{command[-1]}:\n{done.stdout}"
        return done.stdout

    def _until(self, true: Callable[[], bool]) -> None:
        until_s = time.monotonic() + WITHIN_S
        while not true():
            assert self._booted is not None
            if self._booted.poll() is not None or time.monotonic() > until_s:
                raise Unavailable("systemd-nspawn cannot boot here")
            time.sleep(0.05)
