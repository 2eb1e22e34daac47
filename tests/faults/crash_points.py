"""Every call with which filing changes a disk, found by tracing one run; and faults put there."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audit import STRANGERS, Account, Place, Sent, audit, coded, earlier_sets, scanned

from daemon.config.reading import Reading, Split
from daemon.ledger import Ledger
from daemon.photo import Redo
from daemon.shelf.originals import find_original

_CHANGING = (
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir", "mkdir",
    "mkdirat", "openat", "write", "pwrite64", "writev", "ftruncate", "fallocate", "fsync",
    "fdatasync", "utimensat", "fchmod", "chmod", "copy_file_range", "sendfile",
)  # fmt: skip
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)")
_HERE = Path(__file__).parent
_LONGEST_S = 30.0
_LETTING_GO_S = 5.0


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th time that a process makes a call."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}#{self.number}"


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to treat originals, and what the file system lacks."""

    name: str
    originals: str
    elsewhere: bool = False
    """Whether the archive is on another file system, if this machine has one."""
    always: tuple[str, ...] = ()
    """Faults that are there all the time, as strace is told of them."""
    rival: bool = False
    """Whether another program takes a result's name while the photo is at work."""
    redone: bool = False
    """Whether what is hit is not the filing but a redoing, after one that nothing disturbed."""
    pages: int = 1
    """How many pages the good file has: how many names it needs is not known beforehand."""
    split: Split = "none"
    """prints: each page is a scan on which two prints lie."""

    @property
    def reading(self) -> Reading:
        """What in the good file is a photo of its own."""
        return Reading("first" if self.pages == 1 else "all", self.split)

    @property
    def photos(self) -> int:
        """How many the good file holds."""
        return self.pages * (1 if self.split == "none" else 2)


VARIANTS = (
    Variant("keep", "keep"),
    Variant("archive", "archive"),
    Variant("delete", "delete"),
    Variant("archive on another disk", "archive", elsewhere=True),
    Variant("no rename without replacing", "archive", always=("renameat2:error=EINVAL",)),
    Variant("several photos in a file", "archive", pages=3),
    Variant("several prints on a scan", "archive", split="prints"),
    Variant("a name taken meanwhile", "delete", rival=True),
)
"""The fifth is NFS: a file gets its name by a link there, then loses the old one."""
REDOINGS = (
    Variant("redone from the watched folder", "keep", redone=True),
    Variant("redone from the archive", "archive", redone=True),
)


class Forge:
    """The program in ``driver.py``, and strace put onto what it forks."""

    def __init__(self, strace: str, socket: Path, base: Path) -> None:
        self._base = base
        self._numbers = itertools.count()
        self._strace = strace
        self._socket = socket
        self._child = subprocess.Popen(
            [sys.executable, str(_HERE / "driver.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.close()
        self._child.wait(_LONGEST_S)
        self._child.stdout.close()

    def case(self, variant: Variant, disk: Path) -> Case:
        """Fresh folders with photos; with another disk for an archive."""
        case = Case(self._base / f"case{next(self._numbers)}", variant, disk)
        if variant.redone:
            assert self.run(case) == 0, case.log
            case.ask_for_redoing()
        return case

    def _ask(self, command: dict[str, Any]) -> int:
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()
        return int(self._child.stdout.readline())

    def run(
        self, case: Case, *injections: str, trace: Path | None = None, healed_after_s: float = 0
    ) -> int:
        """Fork a process that files the case's photos; returns its exit status.

        Args:
            case: folders and photos.
            injections: for strace; none of them: no strace.
            trace: where to write its calls; traced by itself, that hinders nothing.
            healed_after_s: when the injections end, while the process goes on; 0 is never.
        """
        pid = self._ask({"fork": case.task(self._socket)})
        guard = threading.Timer(_LONGEST_S, os.kill, (pid, signal.SIGKILL))
        guard.start()
        try:
            _await(lambda: _state(pid) == "T")
            with self._traced(pid, injections, trace) as tracer:
                os.kill(pid, signal.SIGCONT)
                if healed_after_s and tracer:
                    time.sleep(healed_after_s)
                    _let_go(tracer)
                return self._ask({"wait": pid})
        finally:
            guard.cancel()

    @contextlib.contextmanager
    def _traced(
        self, pid: int, injections: tuple[str, ...], trace: Path | None
    ) -> Iterator[subprocess.Popen[bytes] | None]:
        if not injections and trace is None:
            yield None
            return
        calls = ",".join(_CHANGING)
        command = [self._strace, "-f", "-qq", "-y", "-s", "0", "-e", f"trace={calls}"]
        command += ["-o", str(trace or os.devnull), "-p", str(pid)]
        for injection in injections:
            command += ["-e", f"inject={injection}"]
        with subprocess.Popen(command) as tracer:
            _await(lambda: tracer.poll() is not None or _is_traced(pid))
            assert tracer.poll() is None, "strace did not start"
            yield tracer


def _let_go(tracer: subprocess.Popen[bytes]) -> None:
    """End the tracer, and leave the process alone."""
    tracer.send_signal(signal.SIGINT)
    try:
        tracer.wait(_LETTING_GO_S)
    except subprocess.TimeoutExpired:
        # strace 6.1 waits for ever for a thread that ended while it was let go, and as long as it
        # does so the process cannot be waited for.
        tracer.kill()


class Case:
    """Folders with two photos, one of them bad, that are filed in one variant."""

    def __init__(self, root: Path, variant: Variant, disk: Path) -> None:
        self.root = root
        self.variant = variant
        for name in ("inbox/sub", "results", "state"):
            (root / name).mkdir(parents=True)
        self.archive = disk / root.name if variant.elsewhere else root / "archive"
        self.archive.mkdir()
        make = coded if variant.split == "none" else scanned
        good, bad = make(4711, pages=variant.pages), b"this is no photo\n" * 50
        name = "good.png" if variant.pages == 1 else "good.tif"
        (root / "inbox" / "sub" / name).write_bytes(good)
        (root / "inbox" / "bad.png").write_bytes(bad)
        self.sent = [Sent.of(f"sub/{name}", good, 4711), Sent.of("bad.png", bad, None)]

    def task(self, socket: Path) -> dict[str, Any]:
        return {
            "root": str(self.root),
            "archive": str(self.archive),
            "originals": self.variant.originals,
            "socket": str(socket),
            "rival": self.variant.rival,
            "reading": asdict(self.variant.reading),
        }

    def ask_for_redoing(self) -> None:
        """As `matted redo` does; nothing of it has begun."""
        (good,) = (sent for sent in self.sent if sent.number is not None)
        with Ledger.open(self.root / "state" / "ledger.sqlite") as ledger:
            known = [
                entry.photo for entry in ledger.of_content(str(self.root / "inbox"), good.sha256)
            ]
            source = find_original(known, good.sha256, self.archive)
            (photo,) = known
            ledger.redo(photo.id, Redo(source, good.sha256, None, None), now_s=time.time())

    def audit(self, *, busy: bool = False) -> Account:
        if self.variant.rival:
            kept = [path for path in (self.root / "results").rglob("*_matte.png") if _is(path)]
            assert kept, "the other program's file was overwritten"
        place = Place.below(self.root, self.variant.originals, self.archive)
        account = audit(place, self.sent, busy=busy)
        expected = int(self.variant.redone)
        assert earlier_sets(place) == expected, "the first results are not known any more"
        mattes = sum(1 for _ in place.results.rglob("good*_*.png"))
        if self.variant.photos > 1 and account.filed:
            assert mattes == 2 * self.variant.photos, "all photos in the file, or none"
        return account

    @property
    def log(self) -> str:
        return Path(f"{self.root}.log").read_text()

    def clear(self) -> None:
        shutil.rmtree(self.root)
        shutil.rmtree(self.archive, ignore_errors=True)
        Path(f"{self.root}.log").unlink()


def traced(forge: Forge, case: Case) -> list[Point]:
    """Let a run end undisturbed, and list the points at which it could have been hit."""
    trace = case.root.with_suffix(".trace")
    assert forge.run(case, *case.variant.always, trace=trace) == 0, case.log
    found = points(trace.read_text(), case.root, case.archive)
    account = case.audit()
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (1, 1)
    case.clear()
    return found


def traced_with(strace: str, log: Path, killed_at: Point | None = None) -> tuple[str, ...]:
    """The start of a command line that traces all processes, and may kill one at a point.

    The tracer hides itself away: the command's own process is the one that the caller gets.
    """
    calls = ",".join(_CHANGING)
    command: tuple[str, ...] = (strace, "-D", "-f", "-qq", "-y", "-s", "0", "-e", f"trace={calls}")
    if killed_at is not None:
        kill = f"inject={killed_at.call}:signal=KILL:when={killed_at.number}"
        command += ("-e", kill)
    return (*command, "-o", str(log))


def thinned(found: list[Point]) -> list[Point]:
    """Less most of SQLite's writes: half of all points, and between two commits all are alike."""
    writes = [point for point in found if point.call == "pwrite64"]
    spared = set(writes) - set(writes[::8])
    return [point for point in found if point not in spared]


def points(trace: str, *roots: Path, process: str | None = None) -> list[Point]:
    """The calls of a traced run that change something below the roots, in their order.

    Args:
        trace: what strace wrote.
        roots: directories.
        process: only calls of this one, and none that would hit another process first, since
            strace counts in each for itself.
    """
    counts: Counter[tuple[str, str]] = Counter()
    found: dict[Point, None] = {}
    for line in trace.splitlines():
        if (match := _CALL.match(line)) is None:
            continue  # the second half of a call, or the process's end
        pid, call, rest = match.groups()
        counts[pid, call] += 1
        changes = (call != "openat" or "O_CREAT" in rest) and process in {None, pid}
        if changes and any(str(root) in rest for root in roots):
            found[Point(call, counts[pid, call])] = None
    if process is None:
        return list(found)
    most = Counter[str]()
    for (pid, call), count in counts.items():
        most[call] = max(most[call], count if pid != process else 0)
    return [point for point in found if point.number > most[point.call]]


def _is(path: Path) -> bool:
    return path.read_bytes() == STRANGERS.encode()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _is_traced(pid: int) -> bool:
    return all(
        "TracerPid:\t0" not in status.read_text()
        for status in Path(f"/proc/{pid}/task").glob("*/status")
    )


def _await(true: Any) -> None:
    until_s = time.monotonic() + _LONGEST_S
    while not true():
        assert time.monotonic() < until_s, "it never came true"
        time.sleep(0.001)
