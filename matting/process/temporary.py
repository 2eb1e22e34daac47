"""An engine for the time of a ``with`` block, in a directory of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from matting.process.host import EngineHost, EngineSpec


@contextmanager
def hosted(
    spec: EngineSpec,
    on_event: Callable[[str, dict[str, Any]], None] = lambda *_: None,
    *,
    below: str | None = None,
    wait: bool = True,
) -> Iterator[EngineHost]:
    """Start an engine, and end it afterwards.

    Args:
        spec: the engine.
        on_event: as ``EngineHost``'s.
        below: where the directory is made; None: where temporary ones are.
        wait: as ``EngineHost.start``'s.

    Raises:
        EngineUnavailable: the engine's own reason, or how its start failed.
    """
    with (
        TemporaryDirectory(prefix="matted-", dir=below) as runtime_dir,
        EngineHost(spec, Path(runtime_dir), on_event) as host,
    ):
        host.start(wait=wait)
        yield host
