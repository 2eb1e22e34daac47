"""Forks processes that file, each with its own folders, and that can be killed at any call.

A process that has all its modules loaded is forked in no time, where a daemon takes seconds to
start; hundreds of crash points need that. Each child is the daemon without its service: the real
ledger, filing, shelf and pipeline in one process, which asks the real engine process. It stops
itself before it begins, so that a tracer can be put onto it.

Run as a program it reads commands, one JSON per line: ``{"fork": {...}}`` and ``{"wait": pid}``.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import cv2
from audit import STRANGERS

from daemon.config.profiles import Profile
from daemon.config.reading import Reading
from daemon.errors import LedgerTrouble, MattedError, WorkerDied
from daemon.filing.destinations import Destination
from daemon.filing.disks import Disks
from daemon.filing.engine_access import EngineAccess
from daemon.filing.policy import Patience
from daemon.filing.queue import Filing, Rhythm
from daemon.intake.ignore import Rule
from daemon.intake.scan import scan
from daemon.ledger import Ledger, State
from daemon.log import events
from daemon.machine import private
from daemon.machine.lock import Lock
from daemon.outputs import matte
from daemon.work.finished import Finished
from daemon.work.job import EngineAddress, Job, Outcome
from daemon.work.pipeline import work
from matting import kernels
from matting.backoff import Waits

REFUSED = 4
"""Exit status of what could not start or go on, and said so."""
_ANY_PROCESS = -1
_PR_SET_PTRACER = 0x59616D61
_OPEN = (State.WAITING, State.WORKING, State.PUBLISHING, State.RETRYING)


class Inline:
    """Photo processes that are this process."""

    elsewhere = False
    idle = 1
    running: tuple[Job, ...] = ()

    def __init__(self, *, rival: bool) -> None:
        self._rival = rival
        self._ended: list[Finished[Job, Outcome]] = []

    def worker_of(self, photo_id: int) -> str | None:  # noqa: ARG002 - as the contract has it
        return None

    def submit(self, job: Job) -> None:
        try:
            outcome: Outcome | MattedError = work(job)
            if self._rival:
                _take_name(job)
        except MattedError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - as Workers does at the per-photo boundary
            outcome = WorkerDied(f"{type(error).__name__}: {error}")
        self._ended.append(Finished(job, outcome))

    def finished(self) -> list[Finished[Job, Outcome]]:
        ended, self._ended = self._ended, []
        return ended


def _take_name(job: Job) -> None:
    """Another program puts a file of its own where the first result was to be."""
    taken = job.results / os.fsdecode(job.photo.names[0])
    taken.parent.mkdir(exist_ok=True)
    if not any(path.read_bytes() == STRANGERS.encode() for path in taken.parent.iterdir()):
        taken.write_text(STRANGERS)


def file_all(task: dict[str, Any]) -> None:
    """File what lies in ``root``/inbox, until all of it is at rest.

    Raises:
        MattedError: it cannot start.
    """
    root = Path(task["root"])
    # strace counts calls by thread, and a photo's files are written by threads of their own.
    cv2.setNumThreads(1)
    with Lock(root / "state"), Ledger.open(root / "state" / "ledger.sqlite") as ledger:
        one = Filing(
            ledger,
            Inline(rival=task["rival"]),  # type: ignore[arg-type] # quacks like it
            _engine(task["socket"]),
            disks=Disks(private.empty_directory(root / "state" / "snapshots"), 0, lambda _: None),
            max_pixels=10**8,
            log=events.set_up(verbose=True),
            # What takes minutes in earnest, so that machine and disk can recover, is shortened.
            rhythm=Rhythm(pause=Waits(0.02, 0.02), dispose_s=0.02),
        )
        one.serve({str(root / "inbox"): _destination(task, root)})
        one.recover()
        _turn_until_rest(one, ledger, str(root / "inbox"))


def _turn_until_rest(one: Filing, ledger: Ledger, inbox: str) -> None:
    while True:
        try:
            ledger.notice_all(scan(inbox, recursive=True, rule=Rule()).sightings, time.time())
            one.turn()
            counts = ledger.counts()
            open_photos = sum(counts[state] for state in _OPEN)
            if not open_photos and one.paused is None and not ledger.to_dispose():
                return
        except LedgerTrouble:
            pass  # as the service does: it goes on when the ledger does
        time.sleep(0.002)


def _destination(task: dict[str, Any], root: Path) -> Destination:
    outputs = [{"matte": {}}, {"matte": {"name": "fine", "bits": 16}}]
    return Destination(
        root / "results",
        Profile.model_validate({"outputs": outputs, "file_as": "{subdir}/{stem}_{output}{ext}"}),
        Patience(attempts=3, first_wait_s=0.01, longest_wait_s=0.1),
        task["originals"],
        Path(task["archive"]),
        reading=Reading(**task["reading"]),
    )


def _engine(socket: str) -> EngineAccess:
    address = EngineAddress("stub_engine", Path(socket), 20, 20, 20)
    return EngineAccess(lambda: address, lambda: True, lambda _, __: True, list)


def _child(task: dict[str, Any]) -> int:
    log = os.open(f"{task['root']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY_PROCESS)
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        file_all(task)
    except MattedError as error:
        os.write(2, f"refused: {error}\n".encode())
        return REFUSED
    except BaseException:  # noqa: BLE001 - a fork must never run on in its parent's code
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Obey the commands on stdin until it closes."""
    kernels.load()  # as photo processes do before their first photo
    # Deleting is what is tried here; a thousand cut-outs would take longer than a thousand mattes.
    matte.holds_photo = lambda options: True  # noqa: ARG005 - the contract's name
    while line := sys.stdin.buffer.readline():
        match json.loads(line):
            case {"fork": task}:
                if (pid := os.fork()) == 0:
                    os._exit(_child(task))
                answer = pid
            case {"wait": pid}:
                answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
