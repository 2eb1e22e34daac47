"""Start the engine process, watch it, restart it; lives in the daemon process.

One thread owns the engine process from its start to its end; see ``supervision``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matting.closing import Closing
from matting.errors import EngineUnavailable
from matting.process import launch
from matting.process.launch import EngineSpec
from matting.process.standing import Standing, State
from matting.process.supervision import Supervision

__all__ = ["EngineHost", "EngineSpec", "State"]


class EngineHost(Closing):
    """Keeps one engine running, by a thread of its own, from ``start`` to ``stop``; once.

    No two hosts may have the same ``runtime_dir`` at the same time: they would share the socket.

    ``on_event(name, facts)`` is called from that thread and must not raise, block for long, or
    call ``stop``. Names: engine.started, engine.ready, engine.said, engine.crashed,
    engine.deadline_missed, engine.unavailable, engine.stopped.
    """

    def __init__(
        self, spec: EngineSpec, runtime_dir: Path, on_event: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self.spec = spec
        self._place = launch.prepare(runtime_dir)
        self._standing = Standing()

        def tell(name: str, **facts: Any) -> None:
            on_event(name, facts)

        supervision = Supervision(spec, self._place, self._standing, tell)
        self._thread = threading.Thread(target=supervision.run, name="engine-host", daemon=True)

    @property
    def socket_path(self) -> Path:
        """Where clients connect; the same over restarts."""
        return self._place.socket_path

    @property
    def state(self) -> State:
        """What the engine is at."""
        return self._standing.state

    @property
    def starts(self) -> int:
        """How often an engine process was started; more than one is a restart."""
        return self._standing.starts

    @property
    def hello(self) -> dict[str, Any]:
        """What the engine said of itself when it was last ready; empty before that."""
        return self._standing.hello

    @property
    def trouble(self) -> str | None:
        """Why the engine is not ready, one line for people; None while it is well."""
        return self._standing.trouble

    def last_words(self) -> list[str]:
        """The latest lines on stderr, at most 50 each of the last engine and of the present one.

        Of both, because whoever asks after a crash mostly meets the next engine already.
        """
        return self._standing.last_words()

    def start(self, *, wait: bool = True) -> dict[str, Any]:
        """Start the engine and keep it running until ``stop``.

        Args:
            wait: return only when it is ready, and give up at its first failure. Otherwise return
                at once and keep trying, with a growing delay.

        Returns:
            The hello; empty when not waiting.

        Raises:
            EngineUnavailable: the engine's own reason, or how its start failed. Nothing is left
                running.
        """
        self._thread.start()
        return self.await_ready() if wait else {}

    def await_ready(self) -> dict[str, Any]:
        """Wait until the engine that was started is ready, and give up at its first failure.

        Returns:
            The hello.

        Raises:
            EngineUnavailable: as ``start``.
        """
        trouble = self._standing.await_start()
        if trouble is not None:
            self.stop()
            raise EngineUnavailable(trouble)
        return self.hello

    def stop(self) -> None:
        """End the engine (TERM, 3 s, KILL) and the thread; remove the socket. May be repeated."""
        if not self._standing.stop():
            return
        if self._thread.ident is not None:
            self._thread.join()
        self._standing.close()
        launch.remove(self._place)

    def close(self) -> None:
        """``stop``, for a ``with`` block."""
        self.stop()

    def restart(self, reason: str) -> None:
        """End the engine and start a new one at once; no photo is blamed for it."""
        self._standing.restart(reason)

    def blames(self, pid: int, photo: str, *, wait_s: float = 2.0) -> bool:
        """Whether this photo was the one at work when the engine process ``pid`` was lost.

        A client can see the connection break before the host has reaped the process, so this
        waits up to ``wait_s`` for its end; by then all that it told the status pipe has been read.
        A process that lives on was lost to its client alone: its last photo is to blame.
        """
        return self._standing.blames(pid, photo, wait_s=wait_s)
