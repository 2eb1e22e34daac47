"""One daemon per watched folder, on whatever machine and in whatever container.

A small file in the folder says who watches it; where that is read-only for us, the file lies in
the results. It is written anew every few seconds. Another daemon that finds it does not compare
clocks, which differ, nor trust locks, which shares do not always keep: it looks on, by its own
clock, whether the file changes. One that does not for a long time is taken over.

An abstract socket was tried before: it is seen within one network namespace only, and any local
user could bind its name first. Now only who may write in the folder can keep a daemon out of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from daemon.errors import InUse
from daemon.intake.claim_file import Mark, marks
from daemon.machine import instance
from daemon.photo import show
from matting.closing import Closing

_POLL_S = 0.2
_JOIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a claim is renewed, and when it is none any more."""

    beat_s: float = 5.0
    stale_s: float = 60.0
    """A claim that did not change for this long is taken over; shares hang for less."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What stands in the file."""

    owner: str
    """The state directory."""
    run: str
    """This claim."""
    place: str
    process: int
    host: str
    beat: int = 0

    def written(self) -> bytes:
        """Always of the same length, so that it can be written over itself."""
        return json.dumps({**asdict(self), "beat": f"{self.beat:012}"}).encode() + b"\n"


@dataclass(slots=True)
class _Rival:
    """Another's claim, as we see it change or not."""

    content: bytes
    since_s: float
    alive: bool = False


class Claim(Closing):
    """Says to others that a folder is watched, and sees whether another has said so."""

    def __init__(
        self,
        folder: str,
        results: str,
        owner: str,
        *,
        absent: Callable[[str], str | None] = lambda _: None,
        rhythm: Rhythm | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is claimed before the first question.

        Args:
            folder: the watched folder.
            results: where its results go.
            owner: what the state directory is known by; its lock is held.
            absent: why the results are not themselves at the moment; None if they are.
            rhythm: how often the claim is renewed.
            clock: gives seconds on the monotonic clock.
        """
        self._folder = folder
        self._results = results
        self._absent = absent
        self._rhythm = rhythm or Rhythm()
        self._clock = clock
        host = socket.gethostname()
        run = secrets.token_hex(8)
        self._me = Holder(owner, run, instance.place(), os.getpid(), host)
        self._held: Mark | None = None
        self._ever_held = False
        self._rivals: dict[Mark, _Rival] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def trouble(self) -> str | None:
        """Why the folder is not ours to watch at the moment; None if it is.

        To be asked only while the folder is known to be itself: it is here that the file is made.
        """
        self._turn(make=True)
        if self._thread is None:
            self._thread = threading.Thread(target=self._go_on, daemon=True)
            self._thread.start()
        with self._lock:
            for mark, rival in self._rivals.items() if self._held is None else ():
                holder = _shown_holder(rival.content)
                return f"another matted watches it: {holder}, says {show(mark.path)}"
        return None

    def demand(self) -> None:
        """Wait, for as long as a living rival would be still, whether there is one.

        Raises:
            InUse: there is. One that may be dead is none; it is waited for by ``trouble``.
        """
        until_s = self._clock() + 2 * self._rhythm.beat_s
        while (reason := self.trouble()) is not None:
            with self._lock:
                alive = any(rival.alive for rival in self._rivals.values())
            if alive:
                raise InUse(f"{self._folder}: {reason}")
            if self._clock() >= until_s:
                return
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Let others watch it. A share that hangs keeps nobody here."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def _go_on(self) -> None:
        while not self._stop.wait(self._rhythm.beat_s):
            self._turn()
        with self._lock, contextlib.suppress(OSError):
            if self._held is not None and self._is_mine(self._held.read()):
                self._held.remove()
            self._held = None

    def _turn(self, *, make: bool = False) -> None:
        """Renew the claim, or look whether there can be one.

        Args:
            make: whether the file may be made; not in a folder that may be a bare mount point now.
        """
        with self._lock:
            places = marks(self._folder, self._results)
            self._rivals = {mark: self._rivals[mark] for mark in places if mark in self._rivals}
            for mark in places:
                self._look_at(mark)
            if self._held in self._rivals:
                self._held = None  # we were taken for dead: stopped, or cut off, for too long
            if self._held is not None:
                self._beat(self._held)  # one elsewhere came later, and will see ours
            elif make and not self._rivals:
                self._take(places)

    def _look_at(self, mark: Mark) -> None:
        content = _read(mark)
        if content is None or self._is_mine(content):
            self._rivals.pop(mark, None)
            return
        known = self._rivals.get(mark)
        now_s = self._clock()
        if known is None or known.content != content:
            alive = known is not None
            known = self._rivals[mark] = _Rival(content, now_s, alive)
        stale = now_s - known.since_s >= self._rhythm.stale_s
        if (stale or self._is_dead(content)) and _displaced(mark, content):
            del self._rivals[mark]

    def _take(self, places: tuple[Mark, ...]) -> None:
        """Make the file in the first place that takes it; where none does, nobody can."""
        for mark in places:
            if mark.directory == self._results and self._absent(self._results) is not None:
                continue
            with contextlib.suppress(OSError):  # read-only, as a watched folder may be
                if mark.make(self._me.written()) or self._is_mine(mark.read()):
                    self._held = mark
                break
        # Another may have made his elsewhere in this moment: he sees ours, and we see his.
        for mark in places:
            self._look_at(mark)
        if self._rivals and self._held is not None:
            with contextlib.suppress(OSError):
                self._held.remove()
            self._held = None
        self._ever_held = self._ever_held or self._held is not None

    def _beat(self, mark: Mark) -> None:
        self._me = replace(self._me, beat=self._me.beat + 1)
        with contextlib.suppress(OSError):  # the share may be away; the next beat tries again
            if not mark.renew(self._me.written()):
                self._held = None  # somebody removed it, or the folder is another one

    def _is_mine(self, content: bytes | None) -> bool:
        return content is not None and _holder_in(content).get("run") == self._me.run

    def _is_dead(self, content: bytes) -> bool:
        """Whether its process has certainly ended."""
        who = _holder_in(content)
        if who.get("owner") == self._me.owner and who.get("host") == self._me.host:
            # Left by an earlier run, since we hold the lock of its state directory. If it came
            # after ours, somebody runs with a copy of that directory.
            return not self._ever_held
        process = who.get("process")
        here = who.get("place") == self._me.place and isinstance(process, int)
        return here and process != self._me.process and not instance.is_alive(int(str(process)))


def _read(mark: Mark) -> bytes | None:
    try:
        return mark.read()
    except OSError:
        return None  # away, closed to us, or no file: nobody's claim


def _displaced(mark: Mark, content: bytes) -> bool:
    try:
        return mark.displace(content)
    except OSError:
        return False


def _holder_in(content: bytes) -> dict[str, object]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _shown_holder(content: bytes) -> str:
    who = _holder_in(content)
    process, host = who.get("process"), who.get("host")
    return f"process {show(str(process))} on {show(str(host))}" if who else "somebody"
