"""Connections whose first line does not come in time are closed, so that they take no place."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 5.0
"""So long a request's head may take; who has asked before may keep the connection for longer."""


class PromptProtocol(H11Protocol):
    """See the module; uvicorn waits for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of a head has come, or all of it."""
        if self.cycle is None or self.cycle.response_complete:
            if self._deadline is None:
                self._wait()  # a further request on a connection that was kept
            before = self.cycle
            super().data_received(data)
            if self.cycle is not before:
                self._rest()
        else:
            super().data_received(data)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(HEAD_S, self._give_up)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()
