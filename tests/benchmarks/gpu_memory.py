"""How much of the GPU's memory is in use, as the driver's own tool counts it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

POLL_S = 0.1


class Peak:
    """The most memory in use on the GPU, asked ten times a second."""

    def __init__(self, before: float | None) -> None:
        self.mib: float | None = None
        """Since then, in MiB; None where nobody knows."""
        self._before = before
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._before is not None and not self._over.wait(POLL_S):
            if (now := used_mib()) is not None:
                self.mib = max(self.mib or 0.0, now - self._before)

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()


@contextmanager
def watched(before: float | None) -> Iterator[Peak]:
    """Watch the GPU's memory meanwhile."""
    peak = Peak(before)
    try:
        yield peak
    finally:
        peak.end()


def used_mib() -> float | None:
    """Memory in use on the first GPU, of all programs; None if the driver's tool is not there."""
    query = ["nvidia-smi", "--id=0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, check=True, timeout=10)
        return float(said.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
