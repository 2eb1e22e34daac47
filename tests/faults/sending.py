"""Photos on their way to one daemon, and the accounts that are drawn up when all have arrived."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from audit import Account, Place, Sent, audit, coded
from harness import Daemon, wait_until
from summary import Tally


def tool(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, loudly."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NOT TESTED: {name} is not installed (Debian package {package})")
    return found


class Sending:
    """What was sent to a daemon; each photo carries a number of its own."""

    def __init__(self, daemon: Daemon, tally: Tally) -> None:
        self.sent: list[Sent] = []
        self._daemon = daemon
        self._tally = tally

    def content(self, path: str, *, size: tuple[int, int] = (64, 48), final: bool = True) -> bytes:
        """The content of the next photo, for tests that have ways of their own to deliver it."""
        number = len(self.sent) + 1
        encoded = coded(number, size=size, ext=Path(path).suffix)
        self.sent.append(Sent.of(path, encoded, number, final=final))
        return encoded

    def put(self, *paths: str, size: tuple[int, int] = (64, 48)) -> None:
        """Write photos into the watched folder."""
        for path in paths:
            target = self._daemon.inbox / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.content(path, size=size))

    def arrive(self, *, within_s: float = 120) -> None:
        """Wait until as many photos have ended as were sent."""

        def ended() -> bool:
            filed = len(self._daemon.said("photo.filed"))
            return filed + len(self._daemon.said("photo.quarantined")) >= len(self.sent)

        try:
            wait_until(ended, within_s)
        except AssertionError:
            told = "\n".join(map(str, self._daemon.facts[-200:]))
            raise AssertionError(f"of {len(self.sent)} photos some never arrived\n{told}") from None
        time.sleep(1)  # for what would come twice

    def audit(self) -> Account:
        """Stop the daemon and check the promise."""
        assert self._daemon.stop() == 0
        account = audit(Place.below(self._daemon.root), self.sent)
        self._tally.add(account)
        assert not account.faults, "\n".join(account.faults)
        assert account.filed + account.quarantined == account.sent
        return account
