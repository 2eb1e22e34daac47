"""Photo processes that are stopped while they start; the rest is tests/daemon/executors' affair."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

LATE = """
    import os, sys, time
    if "--multiprocessing-fork" in sys.argv:
        try:
            os.mkdir(os.environ["FIRST"])
        except FileExistsError:
            time.sleep(1.5)
"""
"""Python runs it as it starts: the second photo process is late."""
STOPPED = """
    import os, pathlib, signal, time
    from daemon.work.workers import Workers

    def work(job):
        return None

    def prepare():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path(os.environ["READY"]).touch()

    if __name__ == "__main__":
        workers = Workers(work, count=2, timeout_s=60, prepare=prepare, wake=lambda: None)
        workers.begin()
        while not pathlib.Path(os.environ["READY"]).exists():
            time.sleep(0.01)
        workers.stop()
"""
"""The first one takes its time to end, and the second one goes on starting meanwhile."""


def test_who_is_stopped_while_it_starts_says_nothing(tmp_path: Path) -> None:
    """It ended with `FileNotFoundError` out of a lock, and a traceback on the user's terminal."""
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(LATE))
    program = tmp_path / "stopped.py"
    program.write_text(textwrap.dedent(STOPPED))
    paths = f"{tmp_path}{os.pathsep}{Path(__file__).parents[3]}"
    places = {"FIRST": str(tmp_path / "first"), "READY": str(tmp_path / "ready")}
    ran = subprocess.run(
        [sys.executable, program],
        env=os.environ | places | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
