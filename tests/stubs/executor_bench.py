"""An executor with two photo processes, photos for it, and what comes back."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from daemon.config.profiles import Profile
from daemon.errors import MattedError
from daemon.executors.contract import Executor
from daemon.photo import Photo, Version
from daemon.shelf import staging
from daemon.work.finished import Finished
from daemon.work.job import EngineAddress, Job, Outcome

WITHIN_S = 60


class Bench:
    """An executor with two photo processes, and photos for it."""

    def __init__(self, root: Path, make: Callable[[Callable[[], None]], Executor]) -> None:
        self.root = root
        self.results = root / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        staging.establish(self.results, lambda _: None)
        self.woken = threading.Event()
        self.executor = make(self.woken.set)
        self.executor.begin()
        self._number = 0

    def job(self, does: str) -> Job:
        self._number += 1
        source = self.root / f"{self._number}.photo"
        source.write_bytes(f"photo {self._number}".encode())
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        photo = Photo(
            self._number, str(self.root), does.encode(), Version.of(source.lstat()), 1, 0.0,
            names=(b"a_matte.png",), tries=1,
        )  # fmt: skip
        return Job(
            photo=photo,
            source=os.fsencode(source),
            results=self.results,
            staging=staging.stage(self.results, photo, unguessable=self.executor.elsewhere),
            snapshot=os.fsencode(self.root / f"{self._number}.copy"),
            profile=Profile(),
            engine=EngineAddress("stub", self.root / "socket", 1, 1, 1),
            max_pixels=1,
            known=frozenset({digest} if does == "same" else ()),
        )  # fmt: skip

    def start(self, does: str) -> Job:
        until_s = time.monotonic() + WITHIN_S
        while self.executor.idle < 1:
            assert time.monotonic() < until_s, self.executor.trouble
            time.sleep(0.05)
        made = self.job(does)
        self.executor.submit(made)
        return made

    def ended(self, count: int = 1) -> list[Finished[Job, Outcome]]:
        """It wakes us when a job has ended; nobody needs to poll."""
        found: list[Finished[Job, Outcome]] = []
        until_s = time.monotonic() + WITHIN_S
        while len(found) < count:
            assert self.woken.wait(until_s - time.monotonic())
            self.woken.clear()
            found += self.executor.finished()
        assert len(found) == count
        return found

    def end_of(self, does: str) -> Outcome | MattedError:
        made = self.start(does)
        assert made in self.executor.running
        (one,) = self.ended()
        assert one.job == made
        assert made not in self.executor.running
        return one.outcome
