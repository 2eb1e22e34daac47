"""A photo's filing, step by step, in a process that is killed before any of them."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import itertools
import os
import signal
import sqlite3
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from daemon.errors import WorkerDied
from daemon.filed import Filed
from daemon.ledger import Ledger, State
from daemon.photo import Photo, Sighting, Version
from daemon.plan import Plan
from daemon.shelf import durable, staging
from daemon.shelf.disposal import Originals, dispose
from daemon.shelf.names import NamedOutput, choose
from daemon.shelf.publish import publish
from daemon.shelf.quarantine import given_up, quarantine

CONTENT = b"picture" * 100
SHA = hashlib.sha256(CONTENT).hexdigest()
DAY = date(2026, 3, 1)
OUTPUTS = {"matte": b"matte" * 1000, "foreground": b"cut-out" * 1000}
TEMPLATE = "{date:%Y-%m-%d}/{subdir}/{stem}_{output}{ext}"
FACTS = Filed((), (1, 1), "stub", "cpu", 1, SHA)


@dataclass(frozen=True)
class House:
    """One photo's world."""

    root: Path
    archive: Path
    originals: Originals
    bad: bool = False
    """The photo ends in quarantine."""
    links: bool = False
    """The file system does not know RENAME_NOREPLACE."""

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def results(self) -> Path:
        return self.root / "results"

    def build(self) -> None:
        (self.inbox / "sub").mkdir(parents=True)
        self.results.mkdir()
        self.archive.mkdir(exist_ok=True)
        (self.inbox / "sub" / "a.jpg").write_bytes(CONTENT)
        # Another photo's result, which must survive untouched.
        (self.results / "2026-03-01" / "sub").mkdir(parents=True)
        (self.results / "2026-03-01" / "sub" / "a_matte.png").write_bytes(b"another's")
        with Ledger.open(self.root / "ledger.db") as ledger:
            version = Version.of((self.inbox / "sub" / "a.jpg").stat())
            ledger.notice(Sighting(str(self.inbox), b"sub/a.jpg", version, 0.0), 100.0)

    def turn(self) -> None:
        """What the daemon does from its start until nothing is left to do."""
        with Ledger.open(self.root / "ledger.db") as ledger:
            for root in (self.results, self.archive):
                staging.establish(root, lambda _: None)
            left = ledger.recover()
            staging.sweep(self.results, keep={one.photo.id for one in left.publishing})
            for interrupted in left.working:
                self.recover(ledger, interrupted)
            for one in left.publishing:
                self.file(ledger, one.photo, one.plan)
            while photo := ledger.claim(100.0):
                self.work(ledger, photo)
            for ended in ledger.to_dispose():
                self.dispose(ledger, ended)
            staging.sweep(self.results, keep=())

    def recover(self, ledger: Ledger, photo: Photo) -> None:
        if reason := given_up(self.results, photo):
            self.give_up(ledger, photo, reason)
        else:
            ledger.retry(photo.id, 0.0, str(WorkerDied("killed")), free=False, now_s=100.0)

    def work(self, ledger: Ledger, photo: Photo) -> None:
        assert (self.inbox / "sub" / "a.jpg").read_bytes() == CONTENT, "there is nothing to read"
        if self.bad:
            self.give_up(ledger, photo, "bad")
            return
        outputs = [NamedOutput(name, ".png") for name in OUTPUTS]

        def taken(name: bytes) -> bool:
            there = os.path.join(os.fsencode(self.results), name)
            return os.path.lexists(there) or ledger.reserved(self.results, name)

        names = photo.names or choose(TEMPLATE, photo, DAY, outputs, taken=taken)
        photo = ledger.fix(photo.id, DAY, self.results, names)
        stage = staging.stage(self.results, photo)
        files = [stage + b"/%d.png" % number for number in range(len(OUTPUTS))]
        for path, content in zip(files, OUTPUTS.values(), strict=True):
            Path(os.fsdecode(path)).write_bytes(content)
        plan = staging.seal(self.results, files, photo.names)
        ledger.plan(photo.id, plan.moves, FACTS, now_s=100.0)
        self.file(ledger, photo, plan)

    def give_up(self, ledger: Ledger, photo: Photo, reason: str) -> None:
        move = self.originals != "keep"
        quarantine(self.results, photo, {"reason": reason}, move_original=move)
        ledger.failed(photo.id, reason, now_s=100.0)

    def file(self, ledger: Ledger, photo: Photo, plan: Plan) -> None:
        publish(plan)
        ledger.filed(photo.id, dispose=self.originals != "keep", now_s=100.0)

    def dispose(self, ledger: Ledger, photo: Photo) -> None:
        dispose(photo, self.originals, archive=self.archive, day=DAY, sha256=SHA)
        ledger.disposed(photo.id)

    def audit(self, *, finished: bool) -> None:
        """The promise holds at any moment; at the end all of it is done."""
        shown = files(self.results, hidden=False)
        assert shown.pop("2026-03-01/sub/a_matte.png") == b"another's"
        reports = {name for name in shown if name.startswith("failed/")}
        outputs = {name: shown[name] for name in shown.keys() - reports}
        wanted = {f"2026-03-01/sub/a-2_{name}.png": OUTPUTS[name] for name in OUTPUTS}
        assert outputs.items() <= wanted.items(), "only complete files under final names"
        originals = [
            content
            for folder in (self.inbox, self.archive, self.results / "failed")
            for name, content in files(folder, hidden=True).items()
            if name.endswith(".jpg")
        ]
        assert set(originals) <= {CONTENT}
        if not originals:
            assert outputs == wanted, "no source is removed before its outputs are durable"
        if finished:
            self.audit_end(outputs == wanted, len(originals), reports)

    def audit_end(self, complete: bool, originals: int, reports: set[str]) -> None:  # noqa: FBT001 - one call
        assert complete is not self.bad
        moved = self.bad and self.originals != "keep"
        assert reports == (
            {"failed/a-1.json"} | ({"failed/a-1.jpg"} if moved else set()) if self.bad else set()
        )
        assert originals == (0 if self.originals == "delete" and not self.bad else 1)
        kept = self.originals == "keep"
        assert list(files(self.inbox, hidden=True)) == (["sub/a.jpg"] if kept else [])
        assert list(files(self.results / ".matted-staging", hidden=True)) == []
        assert list(files(self.archive / ".matted-staging", hidden=True)) == []
        with Ledger.open(self.root / "ledger.db") as ledger:
            state = State.FAILED if self.bad else State.FILED
            assert ledger.counts()[state] == 1
            assert ledger.to_dispose() == ()


def files(folder: Path, *, hidden: bool) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if hidden or not name.startswith(".")
    }


Announce = Callable[[str, tuple[Any, ...]], None]


def announce_calls(before_each: Announce, *, links: bool) -> None:
    """Have every call that changes the disk announced, SQLite's commits among them."""

    def announced(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def announce(*args: Any, **kwargs: Any) -> Any:
            before_each(name, args)
            return call(*args, **kwargs)

        return announce

    def unsupported(*_: object) -> int:
        ctypes.set_errno(errno.EINVAL)
        return -1

    for name in ("fsync", "mkdir", "unlink", "link", "rmdir"):
        setattr(os, name, announced(getattr(os, name), name))
    renamed: Any = unsupported if links else announced(durable._renameat2, "rename")
    durable._renameat2 = renamed
    connect = sqlite3.connect

    def connect_traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_trace_callback(
            lambda statement: before_each("commit", ()) if statement == "COMMIT" else None
        )
        return connection

    sqlite3.connect = connect_traced  # type: ignore[assignment] # as above, announced


def turned(house: House, *, kill_at: int | None) -> bool:
    """One turn in a child of its own; whether it lived to the end."""
    calls = itertools.count(1)

    def before_each(_name: str, _args: tuple[Any, ...]) -> None:
        if next(calls) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    return turned_under(house, before_each)


def turned_under(house: House, before_each: Announce) -> bool:
    child = os.fork()
    if child == 0:
        try:
            announce_calls(before_each, links=house.links)
            house.turn()
        except BaseException:  # noqa: BLE001 - a child must never return into the test
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0, "the turn itself failed"
    return os.WIFEXITED(status)
