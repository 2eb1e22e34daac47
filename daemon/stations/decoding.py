"""Pictures on their way to a station and back, opened in a photo process, which they may kill.

What a station answers is anybody's file, and so is an original by the time it is sent: neither is
decoded where the queue is kept. It is a process of the kind, and with the limits, that the daemon
has for photos; it is there while its station has something to do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.errors import MattedError, WorkerDied
from daemon.photo import Photo
from daemon.stations.task import Handed, StationFailed, Stopped, Task
from daemon.work.workers import Workers

_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Preparing:
    """Put together what the station gets."""

    photo: Photo
    """Whose name the process bears meanwhile."""
    handed: Handed
    folder: Path


@dataclass(frozen=True, slots=True)
class Accepting:
    """Look at an answer, and make of it what is to be filed."""

    photo: Photo
    handed: Handed
    task: Task
    answer: Path


Errand = Preparing | Accepting
Made = Task | Path


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where pictures are on their way, and what opening one may take."""

    folder: Path
    """Private."""
    memory_bytes: int
    timeout_s: float


class Decoding:
    """One process for one station; used by one thread."""

    def __init__(self, place: Workplace, stopped: Callable[[], bool]) -> None:
        """Prepare; the process starts with the first picture.

        Args:
            place: what it may take.
            stopped: asked now and then whether to break off.
        """
        self._stopped = stopped
        self._ended = threading.Event()
        self._tries = 0
        self._workers: Workers[Errand, Made] = Workers(
            work,
            count=1,
            timeout_s=place.timeout_s,
            memory_bytes=place.memory_bytes,
            wake=self._ended.set,
        )

    def prepared(self, photo: Photo, handed: Handed, folder: Path) -> Task:
        """See ``sent.prepared``; and whatever it raises.

        Raises:
            StationFailed: it was the end of the process.
            Interrupted: the process had to be started again.
            Stopped: we were told to end.
        """
        made = self._done(Preparing(self._named(photo), handed, folder), "what is to be sent")
        assert isinstance(made, Task)
        return made

    def accepted(self, photo: Photo, handed: Handed, task: Task, answer: Path) -> Path:
        """See ``answer.accepted``; and whatever it raises, and as above."""
        made = self._done(Accepting(self._named(photo), handed, task, answer), "its answer")
        assert isinstance(made, Path)
        return made

    def rest(self) -> None:
        """End the process until it is needed again."""
        self._workers.stop()

    def _named(self, photo: Photo) -> Photo:
        """Each errand under a name of its own, by which its process is known."""
        self._tries += 1
        return replace(photo, tries=self._tries)

    def _done(self, errand: Errand, what: str) -> Made:
        self._ended.clear()
        self._workers.submit(errand)
        while not (ended := self._workers.finished()):
            if self._stopped():
                self._workers.stop()
                self._workers.finished()
                raise Stopped
            self._ended.wait(_LOOK_S)
            self._ended.clear()
        match ended[-1].outcome:
            case WorkerDied() as error:
                raise StationFailed(f"{what} was too much: {error}") from error
            case MattedError() as error:
                raise error
            case made:
                return made


def work(errand: Errand) -> Made:
    """What the process does, which alone loads what works on pictures."""
    from daemon.stations import answer, sent  # noqa: PLC0415 - see above

    match errand:
        case Preparing():
            return sent.prepared(errand.handed, errand.folder)
        case Accepting():
            return answer.accepted(errand.answer, errand.task, errand.handed)
