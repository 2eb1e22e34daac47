"""One attempt on another machine, from the order to results that this machine has looked at itself.

Runs in a thread of its own. What a worker says is believed only where it harms nobody: the daemon
reads the photo as well and compares what both read, and it makes the plan from what it finds in its
own staging directory.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from daemon.cluster import answers, orders
from daemon.cluster.answers import File, Made, Troubled, Unseen
from daemon.cluster.frames import PIECE_BYTES, Frame
from daemon.cluster.link import Link
from daemon.cluster.orders import Order
from daemon.errors import MattedError, ResultsTrouble, SourceTrouble
from daemon.plan import Plan
from daemon.shelf.durable import results_trouble
from daemon.shelf.room import demand_for_outputs
from daemon.shelf.staging import entered, seal
from daemon.work.job import Job, Outcome, Staged, Unchanged
from daemon.work.snapshot import digest

_LAGS_S = (0.1, 0.3, 1.0, 3.0, 6.0)
"""A share may show what another machine has just written some seconds later."""


class Unsuited(MattedError):
    """The worker's own trouble, or its fault: no photo pays, and it had better rest."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Carries one attempt."""

    link: Link
    seat: str
    """The worker."""
    attempt: str
    """No other attempt, of whatever photo, has its name."""
    until_s: float
    """On the monotonic clock."""
    reader: ThreadPoolExecutor
    """Reads photos while workers work on them."""

    def carried(self, job: Job) -> Outcome | MattedError:
        """Have it worked on, and look at what came of it.

        Raises:
            Lost, Late: the worker is gone, or as good as gone.
            Unsuited: it cannot, or says what is not so.
            MattedError: what is amiss on this machine.
        """
        with _source_trouble():
            order = orders.order(job)
        ours = self.reader.submit(digest, job.source, job.version or job.photo.version)
        try:
            answer = self._answer(order)
        except answers.BadAnswer as error:
            raise Unsuited(str(error)) from error
        match answer:
            case Made(files, filed):
                sha256 = _same(ours, filed.sha256)
                if sha256 in job.known:
                    return Unchanged(sha256)
                plan = self._looked_at(job, files)
                return Staged(plan, replace(filed, names=job.photo.names))
            case Unchanged(sha256):
                if _same(ours, sha256) not in job.known:
                    raise Unsuited("it takes a photo for one that is filed")
                return answer
            case Troubled(reason):
                raise Unsuited(reason)
            case Unseen():
                raise Unsuited("it has not got what was sent")
            case _:
                return answer

    def _answer(self, order: Order) -> answers.Answer:
        asked: Mapping[str, object] = {"attempt": self.attempt}
        answer = answers.read(self._call("work", asked, order.dumped()).header)
        if not isinstance(answer, Unseen):
            return answer
        began_s = time.monotonic()
        if answer.files:
            with _source_trouble():
                self._send(order)
        travelled_s = time.monotonic() - began_s
        asked = {**asked, "sent": answer.files, "fetched": answer.results}
        again = answers.read(self._call("work", asked, order.dumped()).header)
        began_s = time.monotonic()
        if isinstance(again, Made) and answer.results:
            self._fetch(order.job, again.files)
        self._call("drop", {"attempt": self.attempt})
        travelled_s += time.monotonic() - began_s
        return _noted(again, travelled_s)

    def _call(self, do: str, args: Mapping[str, object], body: bytes = b"") -> Frame:
        left_s = max(0.1, self.until_s - time.monotonic())
        return self.link.call(self.seat, do, args, body, timeout_s=left_s)

    # What travels

    def _send(self, order: Order) -> None:
        for number, one in enumerate(order.luggage):
            handle = os.open(one.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                self._send_one(handle, number, one.ends.size_bytes)
            finally:
                os.close(handle)

    def _send_one(self, handle: int, number: int, size_bytes: int) -> None:
        offset = 0
        while offset < size_bytes or not offset:
            piece = os.pread(handle, min(PIECE_BYTES, size_bytes - offset), offset)
            told = {"attempt": self.attempt, "file": number, "offset": offset}
            if (trouble := self._call("take", told, piece).header.get("troubled")) is not None:
                raise Unsuited(str(trouble))
            offset += len(piece)
            if not piece:
                return  # it has become shorter, which the digest tells of

    def _fetch(self, job: Job, files: Sequence[File]) -> None:
        total = sum(file.size_bytes for file in files)
        demand_for_outputs(job.results, total, spare_bytes=job.min_free_bytes)
        with (
            results_trouble("results cannot be staged"),
            entered(job.results, job.staging) as stage,
        ):
            for file in files:
                self._fetch_one(os.path.join(os.fsencode(stage), file.name), file)

    def _fetch_one(self, path: bytes, file: File) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(path, flags, 0o600), "wb") as made:
            left = file.size_bytes
            while left:
                piece = self._piece(file, file.size_bytes - left, min(left, PIECE_BYTES))
                made.write(piece)
                left -= len(piece)

    def _piece(self, file: File, offset: int, count: int) -> bytes:
        asked = {
            "attempt": self.attempt,
            "name": file.name.decode(),
            "offset": offset,
            "count": count,
        }
        piece = self._call("fetch", asked).body
        if not 0 < len(piece) <= count:
            raise Unsuited(f"the result {file.name.decode()} ends early")
        return piece

    # What is looked at

    def _looked_at(self, job: Job, files: Sequence[File]) -> Plan:
        """Sync and read what lies in staging, and plan its publication."""
        paths = [os.path.join(job.staging, file.name) for file in files]
        plan = _sealed(job, paths, self.until_s)
        for file, move in zip(files, plan.moves, strict=True):
            if (move.size_bytes, move.sha256) != (file.size_bytes, file.sha256):
                raise Unsuited(f"the result {file.name.decode()} is not what it says")
        return plan


@contextlib.contextmanager
def _source_trouble() -> Iterator[None]:
    """What cannot be read here is no fault of the worker.

    Raises:
        SourceTrouble: the photo, or what goes with it, cannot be read at the moment.
    """
    try:
        yield
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}"
        raise SourceTrouble(told, error.errno or errno.EIO) from error


def _noted(answer: answers.Answer, travelled_s: float) -> answers.Answer:
    """With the time that files took to travel among the photo's stages."""
    if not isinstance(answer, Made):
        return answer
    took_s = answer.filed.took_s | {"travel": round(travelled_s, 4)}
    return replace(answer, filed=replace(answer.filed, took_s=took_s))


def _same(ours: Future[str], theirs: str) -> str:
    """The photo's SHA-256, if both read the same."""
    found = ours.result()
    if found != theirs:
        raise Unsuited("it has read another photo than lies here")
    return found


def _sealed(job: Job, paths: Sequence[bytes], until_s: float) -> Plan:
    """As ``staging.seal``, with patience for what a share does not show yet."""
    for lag_s in _LAGS_S:
        try:
            return seal(job.results, paths, job.photo.names)
        except ResultsTrouble:
            if _all_there(paths):
                raise
            time.sleep(min(lag_s, max(0.0, until_s - time.monotonic())))
    if not _all_there(paths):
        raise Unsuited("its results do not lie where it says")
    return seal(job.results, paths, job.photo.names)


def _all_there(paths: Sequence[bytes]) -> bool:
    return all(os.path.lexists(path) for path in paths)
