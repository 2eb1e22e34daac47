"""Who is there, workers and those who ask them, and the calls in flight between them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, Scheduler

from daemon.cluster import frames, link, tasks
from daemon.cluster.frames import Frame, FrameError
from daemon.log.events import Event, Log
from matting.errors import one_line

_LOOK_S = 1.0


@dataclass(eq=False, slots=True)
class _Worker:
    """One that has joined."""

    id: str
    address: str
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    heard: float = 0.0
    """By Dask's clock, to be compared with itself alone."""
    heard_s: float = field(default_factory=time.monotonic)


@dataclass(eq=False, slots=True)
class _Peer:
    """Somebody at the socket."""

    writer: asyncio.StreamWriter
    role: str
    session: str = field(default_factory=secrets.token_hex)
    """Workers drop what they did for another one."""
    calls: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    def send(self, frame: Frame) -> None:
        """Who does not read is not waited for: what it does not take in is its own loss."""
        if not self.writer.is_closing():
            self.writer.write(frame.encoded())


class Exchange:
    """Who is there, on both sides, and what is in flight between them."""

    def __init__(self, scheduler: Scheduler, client: Client, ttl_s: float, log: Log) -> None:
        self._scheduler = scheduler
        self._client = client
        self._ttl_s = ttl_s
        self._log = log
        self._workers: dict[str, _Worker] = {}
        """By the id of each run."""
        self._peers: set[_Peer] = set()

    # Workers come and go

    def joined(self, address: str) -> None:
        """Take a worker in."""
        known = self._scheduler.workers[address]
        made = _Worker(str(known.server_id), address)
        self._workers[made.id] = made
        self._log.info(Event.WORKER_JOINED, address=address)
        self._tell()

    def left(self, address: str) -> None:
        """Give up what is in flight to a worker."""
        for one in [one for one in self._workers.values() if one.address == address]:
            del self._workers[one.id]
            one.gone.set()
            self._log.warning(Event.WORKER_LEFT, address=address)
        self._tell()

    async def look(self) -> None:
        """Now and then: have those leave that say nothing, and say who is there."""
        beat_s = 0.0
        while True:
            await asyncio.sleep(_LOOK_S)
            now_s = time.monotonic()
            for one in tuple(self._workers.values()):
                await self._look_at(one, now_s)
            if now_s >= beat_s:
                beat_s = now_s + link.BEAT_S
                self._tell()

    async def _look_at(self, one: _Worker, now_s: float) -> None:
        known = self._scheduler.workers.get(one.address)
        if known is None or str(known.server_id) != one.id:
            self.left(one.address)
        elif known.last_seen != one.heard:
            one.heard, one.heard_s = known.last_seen, now_s
        elif now_s - one.heard_s > self._ttl_s:
            stimulus = f"silent-{now_s}"
            await self._scheduler.remove_worker(one.address, stimulus_id=stimulus, close=False)
            self.left(one.address)

    def _tell(self) -> None:
        seats = [{"id": one.id, "address": one.address} for one in self._workers.values()]
        for peer in self._peers:
            peer.send(Frame({"seats": seats}))

    # Daemons and guests ask

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first frame to its end."""
        peer = _Peer(writer, role="guest")
        try:
            peer.role = str((await frames.read(reader)).header.get("role"))
            self._peers.add(peer)
            self._tell()
            while True:
                self._take(peer, await frames.read(reader))
        except FrameError:
            pass  # gone, or nobody that we know
        finally:
            self._peers.discard(peer)
            for call in peer.calls.values():
                call.cancel()
            writer.close()
            if peer.role == "daemon":
                await self._drop(peer.session)

    def _take(self, peer: _Peer, frame: Frame) -> None:
        if call := peer.calls.get(frame.header.get("cancel", 0)):
            call.cancel()
            return
        number = frame.header.get("call")
        if not isinstance(number, int):
            raise FrameError("neither a call nor the end of one")
        made = asyncio.create_task(self._call(peer, number, frame))
        peer.calls[number] = made
        made.add_done_callback(lambda _: peer.calls.pop(number, None))

    async def _call(self, peer: _Peer, number: int, frame: Frame) -> None:
        try:
            body = await self._asked(peer, number, frame)
            peer.send(Frame({"call": number, "end": "done"}, body))
        except link.Lost as error:
            peer.send(Frame({"call": number, "end": "lost", "reason": str(error)}))
        except Exception as error:  # noqa: BLE001 - whatever a worker raised is one call's affair
            reason = f"{type(error).__name__}: {one_line(error)}"
            peer.send(Frame({"call": number, "end": "failed", "reason": reason}))

    async def _asked(self, peer: _Peer, number: int, frame: Frame) -> bytes:
        """What a worker answers.

        Raises:
            Lost: it is gone.
        """
        do, args = str(frame.header.get("do")), dict(frame.header.get("args", {}))
        worker = self._workers.get(str(frame.header.get("seat")))
        if worker is None:
            raise link.Lost("the worker is gone")
        key = f"{args.get('attempt', do)}-{do}-{peer.session[:8]}-{number}"
        args["session"] = peer.session
        return await self._submitted(worker, key, (do, json.dumps(args), frame.body))

    async def _submitted(self, worker: _Worker, key: str, given: tuple[str, str, bytes]) -> bytes:
        # One attempt is one task of one worker, tried once: never moved, never merged, never again.
        future = self._client.submit(
            tasks.call, *given, key=key, pure=False, retries=0,
            workers=[worker.address], allow_other_workers=False,
        )  # fmt: skip
        done: asyncio.Future[bytes] = asyncio.ensure_future(future.result())
        gone = asyncio.ensure_future(worker.gone.wait())
        try:
            both: set[asyncio.Future[Any]] = {done, gone}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if worker.gone.is_set() and (not done.done() or done.exception() is not None):
                raise link.Lost(f"the worker at {worker.address} is gone")
            return await done
        finally:
            gone.cancel()
            if not done.done():
                done.cancel()
                with contextlib.suppress(Exception):
                    await future.cancel(force=True)
            future.release()

    async def _drop(self, session: str) -> None:
        """Nobody waits for what the workers do for this daemon any more."""
        given = json.dumps({"session": session})
        for worker in tuple(self._workers.values()):
            with contextlib.suppress(Exception):  # it is gone, or hears of it from the next daemon
                key = f"drop-{session[:8]}-{worker.id}"
                await asyncio.wait_for(self._submitted(worker, key, ("drop", given, b"")), 5)
