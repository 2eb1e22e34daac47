"""What a photo process does for a bench: the pipeline's work, with an eye on memory."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from daemon.work import pipeline
from daemon.work.job import Job, Outcome, Staged


@dataclass(frozen=True, slots=True)
class Measured(Staged):
    """Staged outputs, and the most memory it took to make them."""

    peak_mib: float | None


def work(job: Job) -> Outcome:
    """Make all results of one photo.

    Raises:
        daemon.errors.MattedError: as ``pipeline.work`` does.
    """
    # The memory of an earlier, larger photo is not this one's.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    outcome = pipeline.work(job)
    if isinstance(outcome, Staged):
        return Measured(outcome.plan, outcome.filed, peak_mib("self"))
    return outcome


def peak_mib(process: int | str) -> float | None:
    """The most memory that a process had in use (VmHWM), as the kernel counts it.

    Returns:
        MiB; None if the process is no more.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    lines = (line.split() for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((int(words[1]) / 1024 for words in lines), None)
