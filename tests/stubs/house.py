"""Filing in one process: real ledger, shelf and decisions, but photo processes that are none."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from unittest import mock

from daemon.config.profiles import Output, Profile
from daemon.errors import MattedError, NotAPhoto
from daemon.filed import Filed, Part
from daemon.filing.destinations import Destination
from daemon.filing.disks import Disks
from daemon.filing.engine_access import EngineAccess
from daemon.filing.policy import Patience
from daemon.filing.queue import Filing, Rhythm
from daemon.ledger import Entry, Ledger, State
from daemon.log import events
from daemon.photo import Sighting, Version
from daemon.shelf.disposal import Originals
from daemon.shelf.staging import entered, seal
from daemon.work.finished import Finished
from daemon.work.job import EngineAddress, Job, Outcome, Staged
from matting.backoff import Waits

BAD = b"no photo"
PAGES = b"%d pages"
"""The content of a file that holds so many photos."""
NAMES = ("one", "two")
FILE_AS = "{subdir}/{stem}_{output}{ext}"


def pages(content: bytes) -> tuple[Part, ...]:
    """The photos in a file; none where it is one itself."""
    number, _, word = content.partition(b" ")
    count = int(number) if word == b"pages" else 0
    return tuple(Part(page=page) for page in range(1, count + 1))


@dataclass
class Inline:
    """Photo processes that are this process."""

    elsewhere: ClassVar[bool] = False
    idle: int = 1
    running: tuple[Job, ...] = ()
    ended: list[Finished[Job, Outcome]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """Called while a photo is at work."""
    holding: bool = False
    """Whether photos stay at work until ``let_go``."""

    def worker_of(self, photo_id: int) -> str | None:  # noqa: ARG002 - as the contract has it
        return None

    def submit(self, job: Job) -> None:
        if self.holding:
            self.running += (job,)
            self.idle -= 1
        else:
            self._end(job)

    def let_go(self, *, but: int | None = None) -> None:
        """End what is at work, ``but`` one photo."""
        running, self.running = self.running, ()
        for job in running:
            if job.photo.id == but:
                self.running += (job,)
            else:
                self.idle += 1
                self._end(job)

    def _end(self, job: Job) -> None:
        try:
            outcome: Staged | MattedError = self._work(job)
        except MattedError as error:
            outcome = error
        self.ended.append(Finished(job, outcome))

    def _work(self, job: Job) -> Staged:
        if Path(os.fsdecode(job.source)).read_bytes() == BAD:
            raise NotAPhoto("no decoder knows it")
        parts = pages(Path(os.fsdecode(job.source)).read_bytes())
        count = len(NAMES) * max(1, len(parts))
        with entered(job.results, job.staging) as stage:
            for number in range(count):
                (stage / f"{number}.png").write_bytes(b"%d of %d" % (number, job.photo.id))
        files = [job.staging + b"/%d.png" % number for number in range(count)]
        self.meanwhile()
        plan = seal(job.results, files, job.photo.names)
        filed = Filed(job.photo.names, (1, 1), "stub", "cpu", 1, str(job.photo.id), parts=parts)
        return Staged(plan, filed)

    def finished(self) -> list[Finished[Job, Outcome]]:
        ended, self.ended = self.ended, []
        return ended


class House:
    """An inbox, results, and what files from the one to the other."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        self.inbox, self.results = root / "inbox", root / "results"
        self.archive = root / "archive"
        for folder in (self.inbox, self.results, self.archive, root / "snapshots"):
            folder.mkdir(exist_ok=True)
        self.root = root
        self.ledger = ledger
        self.workers = Inline()
        self.absent: str | None = None
        """Why no disk is there."""
        self.originals: Originals = "keep"
        self.rhythm = Rhythm(pause=Waits(0.02, 0.02))
        outputs = tuple(Output.model_validate({"matte": {"name": name}}) for name in NAMES)
        self.profile = Profile(outputs=outputs, file_as=FILE_AS)
        self.start()

    def start(self) -> None:
        """As after a restart."""
        address = EngineAddress("stub", Path("socket"), 1, 1, 1)
        self.filing = Filing(
            self.ledger,
            self.workers,  # type: ignore[arg-type] # quacks like it
            EngineAccess(lambda: address, lambda: True, lambda _, __: True, list),
            disks=Disks(self.root / "snapshots", 0, lambda _: self.absent),
            max_pixels=10**6,
            log=events.silent(),
            rhythm=self.rhythm,
        )
        self.destinations = {str(self.inbox): self.destination()}
        self.filing.serve(self.destinations)
        self.filing.recover()

    def destination(self) -> Destination:
        limits = Patience(attempts=3, give_up_s=0, first_wait_s=0.03, longest_wait_s=0.1)
        return Destination(self.results, self.profile, limits, self.originals, self.archive)

    def crash(self) -> None:
        """As when the power goes: what the photo processes had is lost."""
        self.workers = Inline()
        self.start()

    def put(self, path: str, content: bytes = b"picture") -> int:
        file = self.inbox / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        seen = Sighting(str(self.inbox), os.fsencode(path), Version.of(file.lstat()), 0.0)
        photo = self.ledger.notice(seen, time.time())
        assert photo is not None
        return photo.id

    def turn(self) -> None:
        """In no time: however slow the machine, what is put off does not become due meanwhile."""
        with mock.patch("time.time", return_value=time.time()):
            self.filing.turn()

    def turn_until_rest(self, *, pauses: bool = False) -> None:
        until_s = time.monotonic() + 20
        open_states = (State.WAITING, State.WORKING, State.RETRYING, State.PUBLISHING)
        while any(self.ledger.counts()[state] for state in open_states):
            assert time.monotonic() < until_s, self.ledger.entries(State.RETRYING)
            self.filing.turn()
            assert pauses or self.filing.paused is None
            time.sleep(0.002)

    def entry(self, photo_id: int) -> Entry:
        entry = self.ledger.entry(photo_id)
        assert entry is not None
        return entry

    def filed(self) -> list[str]:
        found = (path for path in self.results.rglob("*") if path.is_file())
        names = (str(path.relative_to(self.results)) for path in found)
        return sorted(name for name in names if not name.startswith((".", "failed")))
