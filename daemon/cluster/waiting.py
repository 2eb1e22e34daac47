"""A program's event loop, which ends in good order when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any


def until_told(serving: Coroutine[Any, Any, None]) -> None:
    """Run until SIGTERM or SIGINT."""
    asyncio.run(_serve(serving))


async def _serve(serving: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(serving)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
