"""Settling and ledger together, against files that change and a daemon that dies at will."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from daemon.filed import Filed
from daemon.intake.settle import Settling
from daemon.ledger import Ledger, State
from daemon.photo import Photo, Sighting, Version
from daemon.plan import Move

SETTLE_S = 2.0
ROUNDS = 1000
"""Each a second, and all that was waited for before is over in ten minutes."""
RESULTS = Path("/results")
SHM = Path("/dev/shm")  # noqa: S108 - syncing costs nothing there, and no power is cut


@dataclass(frozen=True)
class File:
    """One file as it is on the fake disk."""

    version: Version
    content: str


class Daemon(RuleBasedStateMachine):
    """What it files is counted by content: the promise is one set for each, and none lost."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None)
        self.path = Path(self.folder.name) / "ledger.db"
        self.ledger = Ledger.open(self.path)
        self.settling = Settling(SETTLE_S)
        self.now_s = 1000.0
        self.tree: dict[bytes, File] = {}
        self.ticks = 0
        self.sets: Counter[tuple[bytes, str]] = Counter()
        self.quarantined: Counter[tuple[bytes, Version]] = Counter()
        self.names: list[bytes] = []

    # What others do

    @rule(path=st.sampled_from([b"a", b"b", b"c"]), size=st.integers(0, 3))
    def write(self, path: bytes, size: int) -> None:
        self.ticks += 1
        version = Version(1, len(self.tree), size, self.ticks)
        self.tree[path] = File(version, f"content {self.ticks}")

    @rule(path=st.sampled_from([b"a", b"b", b"c"]))
    def touch(self, path: bytes) -> None:
        self.ticks += 1
        if path in self.tree:
            file = self.tree[path]
            touched = replace(file.version, mtime_ns=self.ticks)
            self.tree[path] = replace(file, version=touched)

    @rule(path=st.sampled_from([b"a", b"b", b"c"]))
    def delete(self, path: bytes) -> None:
        self.tree.pop(path, None)

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.0, 600.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    # What the daemon does

    @rule()
    def scan(self) -> None:
        for path, file in self.tree.items():
            self.settling.observe(Sighting("/in", path, file.version, self.now_s))
        for path in self.settling.paths("/in"):
            if path not in self.tree:
                self.settling.forget("/in", path)
        for path, photo_id in self.ledger.pending("/in").items():
            if path not in self.tree:
                self.ledger.gone(photo_id, now_s=self.now_s)
        self.ledger.notice_all(self.settling.due(), self.now_s)

    @rule(after=st.sampled_from(["nothing", "claim", "plan"]))
    def work_and_perhaps_die(self, after: str) -> None:
        photo = self.ledger.claim(self.now_s)
        if photo is None:
            return
        if after == "claim":
            self.die()
            return
        file = self.tree.get(photo.path)
        if file is None or file.version != photo.version:
            self.ledger.retry(photo.id, self.now_s + 2, "changed", free=True, now_s=self.now_s)
        elif file.content in self.ledger.known_sha256("/in", photo.path):
            self.ledger.same_as_filed(photo.id, file.content, dispose=False, now_s=self.now_s)
        else:
            self.publish(photo, file.content, die=after == "plan")

    @rule()
    def give_up_one(self) -> None:
        photo = self.ledger.claim(self.now_s)
        if photo is not None:
            self.quarantined[(photo.path, photo.version)] += 1
            self.ledger.failed(photo.id, "bad", now_s=self.now_s)

    @rule()
    def die(self) -> None:
        self.ledger.close()
        self.ledger = Ledger.open(self.path)
        self.settling = Settling(SETTLE_S)
        left = self.ledger.recover()
        for photo in left.working:
            self.ledger.retry(photo.id, self.now_s, "died", free=False, now_s=self.now_s)
        for one in left.publishing:
            assert one.plan.results == bytes(RESULTS)
            self.finish(one.photo, one.filed.sha256)

    def publish(self, photo: Photo, content: str, *, die: bool) -> None:
        number = 1
        while self.ledger.reserved(RESULTS, b"%d" % number):
            number += 1
        names = photo.names or (b"%d" % number,)
        photo = self.ledger.fix(photo.id, date(2026, 3, 1), RESULTS, names)
        filed = Filed(photo.names, (1, 1), "stub", "cpu", None, content)
        moves = [Move(b"staged", name, 1, "") for name in photo.names]
        self.ledger.plan(photo.id, moves, filed, now_s=self.now_s)
        if die:
            self.die()
        else:
            self.finish(photo, content)

    def finish(self, photo: Photo, content: str) -> None:
        self.ledger.filed(photo.id, dispose=False, now_s=self.now_s)
        self.sets[(photo.path, content)] += 1
        self.names += photo.names

    # The promise

    @invariant()
    def nothing_is_filed_or_quarantined_twice(self) -> None:
        assert all(count == 1 for count in self.sets.values())
        assert all(count == 1 for count in self.quarantined.values())
        assert len(self.names) == len(set(self.names))

    @invariant()
    def at_most_one_version_of_a_file_is_in_the_queue(self) -> None:
        counts = self.ledger.counts()
        queued = counts[State.WAITING] + counts[State.RETRYING]
        assert queued == len(self.ledger.pending("/in"))
        assert counts[State.WORKING] == counts[State.PUBLISHING] == 0

    def teardown(self) -> None:
        """Left in peace, every file that is there ends as one set or one quarantine entry."""
        for _ in range(3):
            self.scan()
            self.now_s += SETTLE_S
        rounds = 0
        while left := self.unfinished():
            rounds += 1
            assert rounds < ROUNDS, f"{left} would be tried for ever"
            self.work_and_perhaps_die("nothing")
            self.now_s += 1.0
            self.scan()
        self.nothing_is_filed_or_quarantined_twice()
        for path, file in self.tree.items():
            if file.version.size_bytes:
                filed = self.sets[(path, file.content)]
                failed = self.quarantined[(path, file.version)]
                assert filed + failed >= 1, "lost"
        self.ledger.close()
        self.folder.cleanup()

    def unfinished(self) -> list[bytes]:
        """What is queued and not empty; a file that was emptied meanwhile is waited for."""
        return [path for path in self.ledger.pending("/in") if self.tree[path].version.size_bytes]


TestDaemon = Daemon.TestCase
TestDaemon.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
