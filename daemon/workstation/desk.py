"""What a worker does when it is asked: takes in files, works on photos, hands out results.

Photos are worked on by this machine's own photo processes, through the executor that a daemon
without others uses: deadlines, memory, who is to blame when a process dies are as there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from typing import Any

from daemon.cluster import answers
from daemon.cluster.frames import PIECE_BYTES, Frame
from daemon.cluster.hello import Hello
from daemon.cluster.orders import Order
from daemon.cluster.paths import mapped
from daemon.cluster.probe import probe
from daemon.engine.engines import Engines
from daemon.errors import EngineFailed, EngineStumbled, Interrupted, MattedError
from daemon.executors.contract import Executor
from daemon.work.job import Job, Outcome
from daemon.workstation.luggage import Mapped, Spool, View, at_hand, seen
from matting.errors import one_line


class Desk:
    """Answers calls, from several threads at once."""

    def __init__(
        self,
        executor: Executor,
        engines: Engines,
        spool: Spool,
        paths: Mapping[str, str],
        hello: Callable[[], Hello],
        min_free_bytes: int,
    ) -> None:
        """Nobody has asked yet.

        Args:
            executor: this machine's photo processes.
            engines: this machine's.
            spool: for what travels.
            paths: where this machine has mounted what the daemon's settings name.
            hello: what this machine is.
            min_free_bytes: room that has to be left where results are staged.
        """
        self._executor = executor
        self._engines = engines
        self._spool = spool
        self._paths = paths
        self._mapped: Mapped = partial(mapped, paths=paths)
        self._hello = hello
        self._min_free_bytes = min_free_bytes
        self._session = ""
        self._lock = threading.Lock()
        """The executor is for one thread at a time."""
        self._woken = threading.Event()
        self._waiting: dict[int, SimpleQueue[Outcome | MattedError]] = {}
        """By the numbers that photos have here: two daemons may count alike."""
        self._number = 0
        threading.Thread(target=self._take_in, name="desk", daemon=True).start()

    def wake(self) -> None:
        """A photo process is done with something; from whatever thread, and without waiting."""
        self._woken.set()

    def call(self, do: str, args: Mapping[str, Any], body: bytes) -> bytes:
        """Do something.

        Returns:
            A frame; what cannot be done is told in it, too.
        """
        try:
            self._heed(str(args.get("session", "")), do)
            return OPERATIONS[do](self, args, body).encoded()
        except MattedError as error:
            return Frame(answers.told(error)).encoded()
        except OSError as error:
            return Frame(answers.troubled(f"its own disk: {error}")).encoded()
        except Exception as error:  # noqa: BLE001 - whatever it is, no photo is to pay for it
            told = f"{do}: {type(error).__name__}: {one_line(error)}"
            return Frame(answers.troubled(told)).encoded()

    def abandon(self) -> None:
        """Nobody waits for what is at work any more: end it, and forget what was sent."""
        with self._lock:
            self._executor.stop()
            self._hand_out()
            self._executor.begin()
        self._spool.clear()

    # What can be asked

    def _say_hello(self, _: Mapping[str, Any], __: bytes) -> Frame:
        return Frame(self._hello().told())

    def _probe(self, args: Mapping[str, Any], _: bytes) -> Frame:
        return Frame(probe(args, self._paths))

    def _take(self, args: Mapping[str, Any], body: bytes) -> Frame:
        self._spool.take(str(args["attempt"]), int(args["file"]), int(args["offset"]), body)
        return Frame({"taken": len(body)})

    def _work(self, args: Mapping[str, Any], body: bytes) -> Frame:
        attempt, order = str(args["attempt"]), Order.loaded(body)
        view, sent = seen(order, self._mapped), bool(args.get("sent"))
        if not (view.files or sent) or not (view.results or args.get("fetched")):
            return Frame(answers.unseen(files=not view.files, results=not view.results))
        if sent:  # and what was sent is what is taken
            view = View(files=False, results=view.results and not args.get("fetched"))
        elif args.get("fetched"):
            view = replace(view, results=False)
        job = at_hand(order, view, self._mapped, self._spool, attempt)
        return Frame(answers.told(self._worked(job)))

    def _fetch(self, args: Mapping[str, Any], _: bytes) -> Frame:
        name = str(args["name"]).encode()
        count = min(int(args["count"]), PIECE_BYTES)
        piece = self._spool.fetch(str(args["attempt"]), name, int(args["offset"]), count)
        return Frame({"fetched": len(piece)}, piece)

    def _drop(self, args: Mapping[str, Any], _: bytes) -> Frame:
        """Forget one attempt, or, without one, all that was done for this daemon."""
        if attempt := args.get("attempt"):
            self._spool.drop(str(attempt))
        else:
            self.abandon()
        return Frame({"dropped": True})

    # How it is done

    def _heed(self, session: str, do: str) -> None:
        """A daemon that has started anew has forgotten what it asked for before."""
        if do not in _OF_A_SESSION:
            return
        with self._lock:
            before, self._session = self._session, session
        if before not in {"", session}:
            self.abandon()

    def _worked(self, job: Job) -> Outcome | MattedError:
        """Have it worked on.

        Raises:
            NoEngine: the refiner cannot run here.
            Interrupted, Refused: an engine is not ready, or another one cannot run here.
        """
        with self._lock:
            job = self._asking(job)
            if self._executor.idle < 1:
                return Interrupted("no photo process is free")
            waited = self._waiting[job.photo.id] = SimpleQueue()
            self._executor.submit(job)
        outcome = waited.get()
        if isinstance(outcome, EngineFailed):
            # Whose fault it is that an engine ended can be told here alone.
            blamed = self._engines.blames(outcome.engine_pid, str(job.photo.id))
            return EngineStumbled(outcome.reason) if blamed else Interrupted(outcome.reason)
        return outcome

    def _asking(self, job: Job) -> Job:
        """With this machine's engine and refiner in place of the daemon's."""
        if not self._engines.ready:
            raise Interrupted("the engine is not ready")
        redo, refiner = job.photo.redo, job.profile.matting.refiner
        address = self._engines.usual
        if redo is not None and redo.engine not in {None, address.name}:
            address = self._engines.other(str(redo.engine))
        refiners = self._engines.refiners({refiner})
        self._number += 1
        return replace(
            job,
            photo=replace(job.photo, id=self._number),
            engine=address,
            refiner=refiners.get(refiner),
            min_free_bytes=self._min_free_bytes,
        )

    def _take_in(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            with self._lock:
                self._hand_out()

    def _hand_out(self) -> None:
        for one in self._executor.finished():
            self._waiting.pop(one.job.photo.id).put(one.outcome)


_OF_A_SESSION = ("take", "work", "drop")
OPERATIONS: Mapping[str, Callable[[Desk, Mapping[str, Any], bytes], Frame]] = {
    "hello": Desk._say_hello,  # noqa: SLF001 - its own
    "probe": Desk._probe,  # noqa: SLF001 - likewise
    "take": Desk._take,  # noqa: SLF001 - likewise
    "work": Desk._work,  # noqa: SLF001 - likewise
    "fetch": Desk._fetch,  # noqa: SLF001 - likewise
    "drop": Desk._drop,  # noqa: SLF001 - likewise
}
