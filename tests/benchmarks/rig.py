"""A daemon to measure: started as users start it, fed with files, timed by its own events."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.stubs.harness import Daemon, Fact

_SETTLE_S = 0.3


@dataclass(frozen=True, slots=True)
class Arrival:
    """One photo's way, by the clock on the wall."""

    written_s: float
    """The last byte was there, under the final name; seconds since the epoch."""
    settled_s: float
    filed_s: float
    settle_s: float
    stages_s: dict[str, float]

    @property
    def noticing_s(self) -> float:
        """What the intake took beyond the time that a file has to be left alone."""
        return self.settled_s - self.written_s - self.settle_s

    @property
    def work_s(self) -> float:
        """All stages."""
        return sum(self.stages_s.values())

    @property
    def handling_s(self) -> float:
        """What queue, hand-over and ledger took, from settled to filed, beyond the stages."""
        return self.filed_s - self.settled_s - self.work_s


class Rig(Daemon):  # type: ignore[misc] # is checked by its shorter name
    """The daemon with a real engine and the profile old-photo, if nothing else is said.

    Or with the stub engine of the tests, no network for second opinions, and the profile
    studio-portrait, which has no steps: all that is left is what the daemon itself does.
    """

    within_s = 300.0

    def __init__(
        self,
        root: Path,
        *,
        workers: int,
        stubbed: bool = False,
        profile: str | None = None,
        engine: Fact | None = None,
    ) -> None:
        root.mkdir(parents=True)
        profile = profile or ("studio-portrait" if stubbed else "old-photo")
        folder = {"settle_s": _SETTLE_S, "scan_s": 10, "profile": profile}
        settings = {"workers": workers} | ({"engine": engine} if engine else {})
        super().__init__(root, folder, settings, {})
        self._stubbed = stubbed

    @property
    def command(self) -> list[str]:
        if self._stubbed:
            return super().command
        return [sys.executable, "-m", "daemon", "run", "--config", str(self.config)]

    def start(self, *, prefix: tuple[str, ...] = ()) -> None:
        if self._stubbed:
            no_models = self.root / "no-models"
            prefix = ("env", f"MATTED_MODELS={no_models}", f"XDG_DATA_HOME={no_models}", *prefix)
        super().start(prefix=prefix)

    @property
    def pid(self) -> int:
        assert self.child is not None
        return self.child.pid

    def file(self, photo: Path, name: str) -> Arrival:
        """Write one photo into the inbox and wait for its results."""
        written_s = self.write(photo, name)
        return self.arrival(name, written_s)

    def write(self, photo: Path, name: str) -> float:
        """Write a photo into the inbox at once; returns when it was there."""
        (self.inbox / name).write_bytes(photo.read_bytes())
        return time.time()

    def move_in(self, photo: Path, name: str) -> float:
        """Rename a complete photo into the inbox, as careful scanners do; returns when."""
        aside = self.root / name
        aside.write_bytes(photo.read_bytes())
        os.rename(aside, self.inbox / name)
        return time.time()

    def arrival(self, name: str, written_s: float) -> Arrival:
        """Wait for a photo's results."""
        filed = self.await_("photo.filed", path=name)
        settled = self.await_("photo.settled", path=name)
        return Arrival(written_s, said_s(settled), said_s(filed), _SETTLE_S, filed["stages_s"])


def said_s(fact: Fact) -> float:
    """When the daemon said it; seconds since the epoch."""
    return datetime.fromisoformat(fact["timestamp"]).timestamp()


@contextmanager
def running(rig: Rig) -> Iterator[Rig]:
    """Start it, and end all of it afterwards."""
    rig.start()
    try:
        yield rig
        rig.stop()
    finally:
        if rig.child is not None and rig.child.poll() is None:
            rig.kill()
