"""Serve one engine to several clients: threads talk, the main thread computes.

Frameworks dislike being called from changing threads, and two pictures at once would only share
the accelerator's memory. Every connection may have one request under way, so first come, first
served is fair to all of them. Runs on Python 3.7 too.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import socket
import struct
import sys
import threading
import time
import traceback
from typing import Any, Deque, Dict, NamedTuple, Optional

import numpy as np

from matting import engines
from matting.errors import (
    EngineOutOfMemory,
    EngineUnavailable,
    PeerClosed,
    RequestRefused,
    WireError,
    one_line,
)
from matting.process import wire
from matting.process.contract import answer_fault, request_fault

SEND_TIMEOUT_S = 10
"""A client that stopped reading must not hold up the others."""


class StatusPipe:
    """The engine's end of the pipe to the host: JSON lines.

    What was written is in the kernel's hands and survives SIGKILL, so the host knows which photo
    was at work when this process ended.
    """

    def __init__(self, fd: Optional[int]) -> None:
        self._fd = fd

    def write(self, message: Dict[str, Any]) -> None:
        """Tell the host; without a host, nothing happens."""
        if self._fd is not None:
            os.write(self._fd, json.dumps(message).encode("ascii") + b"\n")


def run(path: str, name: str, options: Dict[str, Any], status: StatusPipe) -> str:
    """Load the engine, listen at ``path`` and serve for ever.

    Returns:
        Why the engine cannot be had, one line; otherwise it does not return.
    """
    try:
        engine = engines.load(name, options)
        hello = _hello(name, engine)
        listener = listen(path)
    except EngineUnavailable as error:
        return str(error)[:2000]
    except Exception as error:  # noqa: BLE001 - a framework that breaks while loading is just that
        traceback.print_exc()
        return _one_line(error)
    status.write({"ready": hello})
    Server(engine, hello, listener, status).serve()
    return ""


def _hello(name: str, engine: engines.Engine) -> Dict[str, Any]:
    hello = dict(engine.describe(), protocol=wire.PROTOCOL, engine=name, pid=os.getpid())
    missing = {"model", "framework", "device"} - set(hello)
    if missing:
        raise EngineUnavailable(f"engine {name} does not describe its {', '.join(sorted(missing))}")
    json.dumps(hello, allow_nan=False)
    return hello


def listen(path: str) -> socket.socket:
    """Listen at ``path``, mode 0600; the name appears only once connecting to it works.

    Renaming into place also replaces the socket that a killed engine left behind.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fresh = path + ".new"
    if os.path.exists(fresh):
        os.unlink(fresh)
    mask = os.umask(0o177)
    try:
        listener.bind(fresh)
    finally:
        os.umask(mask)
    listener.listen(64)
    os.rename(fresh, path)
    return listener


class QueuedRequest(NamedTuple):
    """One request waiting for its turn."""

    client: Connection
    id: str
    timeout_s: float
    pixels: np.ndarray


class Server:
    """The queue between the connections' threads and the main thread."""

    def __init__(
        self,
        engine: engines.Engine,
        hello: Dict[str, Any],
        listener: socket.socket,
        status: StatusPipe,
    ) -> None:
        self._engine = engine
        self._hello = hello
        self._listener = listener
        self._status = status
        self._jobs: Deque[QueuedRequest] = collections.deque()
        self._changed = threading.Condition()

    def serve(self) -> None:
        """Accept in a thread, compute in this one; does not return."""
        threading.Thread(target=self._accept, name="accept", daemon=True).start()
        while True:
            self._work(self._next())

    @property
    def planes(self) -> int:
        """Of the pictures that the engine takes."""
        return self._engine.planes

    def submit(self, job: QueuedRequest) -> None:
        """Queue one request."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def forget(self, client: Connection) -> None:
        """Drop what a client that went away had queued."""
        with self._changed:
            kept = [job for job in self._jobs if job.client is not client]
            self._jobs = collections.deque(kept)

    def _next(self) -> QueuedRequest:
        with self._changed:
            while not self._jobs:
                self._changed.wait()
            return self._jobs.popleft()

    def _accept(self) -> None:
        while True:
            try:
                client = Connection(self._listener.accept()[0], self)
                threading.Thread(target=client.run, args=(self._hello,), daemon=True).start()
            except (OSError, RuntimeError) as error:  # out of descriptors, or out of threads
                sys.stderr.write(f"cannot accept a client: {error}\n")
                time.sleep(0.1)

    def _work(self, job: QueuedRequest) -> None:
        begun_s = time.monotonic()
        begun = {"begin": job.id, "timeout_s": job.timeout_s, "at_s": begun_s}
        self._status.write(begun)
        if not job.client.send({"id": job.id, "begun": True}):
            self._status.write({"end": job.id})
            return
        header, alpha = self._compute(job.pixels)
        header["id"] = job.id
        header["took_s"] = round(time.monotonic() - begun_s, 6)
        # Two lines: a slow reader is no reason to kill the engine for its deadline, and the host
        # must not end a faulty engine before its answer is on its way.
        self._status.write({"end": job.id})
        job.client.finish(header, alpha)
        self._status.write({"answered": job.id, "error": header.get("error")})

    def _compute(self, pixels: np.ndarray) -> Any:
        try:
            answer = self._engine.matte(pixels)
        except (EngineOutOfMemory, MemoryError) as error:
            return _error("out_of_memory", _one_line(error)), None
        except RequestRefused as error:
            return _error("refused", str(error)), None
        except Exception as error:  # noqa: BLE001 - the per-photo boundary of this process
            traceback.print_exc()
            return _error("failed", f"the engine failed: {_one_line(error)}"), None
        fault = answer_fault(answer, pixels.shape[:2])
        if fault:
            return _error("bad_answer", f"the engine broke its contract: {fault}"), None
        return {"people": answer.people, "facts": answer.facts}, answer.alpha


class Connection:
    """One connection; its thread reads, the main thread answers."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._sock = sock
        self._server = server
        self._busy = False
        self._sending = threading.Lock()
        # A kernel-side timeout, because settimeout would also end this client's idle reading.
        limit = struct.pack("ll", SEND_TIMEOUT_S, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def run(self, hello: Dict[str, Any]) -> None:
        """Greet, then take requests until the client goes."""
        try:
            self.send(hello)
            while True:
                self._take(wire.receive(self._sock))
        except PeerClosed:
            pass
        except WireError as error:
            self.send(_error("bad_request", str(error)))
        finally:
            self._server.forget(self)
            self._sock.close()

    def _take(self, frame: wire.Frame) -> None:
        fault = request_fault(frame.header, frame.array, self._server.planes)
        fault = "one request at a time" if self._busy else fault
        if fault:
            raise WireError(fault)
        assert frame.array is not None
        request = frame.header
        self._busy = True
        self._server.submit(
            QueuedRequest(self, request["id"], float(request["timeout_s"]), frame.array)
        )

    def send(self, header: Dict[str, Any], alpha: Optional[np.ndarray] = None) -> bool:
        """Send one frame; False: the client has gone or stopped reading, and is let go."""
        with self._sending:
            try:
                wire.send(self._sock, header, alpha)
            except WireError as error:
                sys.stderr.write(f"a client was let go: {error}\n")
                self._hang_up()
                return False
        return True

    def finish(self, header: Dict[str, Any], alpha: Optional[np.ndarray]) -> None:
        """Send the answer; from now on the client may ask again."""
        self._busy = False
        try:
            self.send(header, alpha)
        except ValueError as error:
            bad = _error("bad_answer", f"the engine broke its contract: {error}")
            self.send(dict(bad, id=header["id"], took_s=header["took_s"]))

    def _hang_up(self) -> None:
        """Wake this client's thread from its reading; that thread closes the socket."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


def _error(kind: str, reason: str) -> Dict[str, Any]:
    return {"error": kind, "reason": reason[:2000] or wire.ERRORS[kind]}


def _one_line(error: BaseException) -> str:
    text = one_line(error, longest=2000)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
