"""A signal that comes while a process is being started that works on pictures."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

STARTING = """
    import multiprocessing.util, os, signal, sys, threading, time
    from daemon.web import pictures
    from daemon.work.workers import Workers

    def work(job):
        return None

    def end(number, _):
        sys.exit(128 + number)

    def interrupted(*given):
        pid = started(*given)
        os.kill(os.getpid(), {number})
        time.sleep(0.3)  # until the other thread has taken it
        return pid

    if __name__ == "__main__":
        signal.signal({number}, end)
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        workers = Workers(work, count=1, timeout_s=60, wake=lambda: None)
        begin = {{"photos": workers.begin, "page": pictures._new_pool}}["{whose}"]
        # The tracker, which is started first, is not meant.
        multiprocessing.resource_tracker.ensure_running()
        started = multiprocessing.util.spawnv_passfds
        multiprocessing.util.spawnv_passfds = interrupted
        try:
            begin()
        finally:
            workers.stop()
"""


@pytest.mark.parametrize("whose", ["photos", "page"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_is_never_cut_short(number: signal.Signals, whose: str) -> None:
    """The half-started process ended with `EOFError: Ran out of input` on the user's terminal."""
    program = textwrap.dedent(STARTING.format(number=int(number), whose=whose))
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (128 + number, "")
