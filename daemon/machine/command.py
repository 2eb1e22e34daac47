"""Run somebody's command with a document on its standard input, and never wait for it for ever.

It may hang, fail, talk without end, ignore its input, or leave children behind: it ends at its
deadline with all of its process group, and of what it says the end is kept.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matting.errors import one_line

_LAST_BYTES = 2000
_CHUNK_BYTES = 1 << 16
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int | None
    """Its exit status, negative for a signal; None if it could not be started."""
    reason: str | None
    """What was wrong, one line; None if it ended with 0."""
    said: str
    """The last line that it said, on either output."""
    took_s: float
    stopped: bool = False
    """Whether we were asked to end it."""


def run(
    command: Sequence[str],
    document: bytes,
    *,
    environment: Mapping[str, str],
    timeout_s: float,
    stopped: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run a command to its end.

    Args:
        command: program and arguments; no shell.
        document: what it may read. It is in memory and no pipe: who does not read it blocks nobody.
        environment: all that it gets.
        timeout_s: then it is killed, with its children.
        stopped: asked now and then whether to kill it at once.
    """
    began_s = time.monotonic()
    stdin = os.memfd_create("document", os.MFD_CLOEXEC)
    try:
        with open(stdin, "wb", closefd=False) as file:
            file.write(document)
        os.lseek(stdin, 0, os.SEEK_SET)
        try:
            process = subprocess.Popen(
                list(command),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            return Ended(None, f"cannot be started: {error.strerror}", "", 0.0)
    finally:
        os.close(stdin)
    with process:
        said, why = _attend(process, began_s + timeout_s, stopped)
        with contextlib.suppress(ProcessLookupError):  # those that it left behind, too
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        assert process.stdout is not None
        process.stdout.close()
    took_s = time.monotonic() - began_s
    if why is not None:
        reason = "was stopped" if why == "stopped" else f"was killed after {timeout_s:g} s"
        return Ended(code, reason, said, took_s, stopped=why == "stopped")
    if code:
        reason = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
        return Ended(code, reason, said, took_s)
    return Ended(code, None, said, took_s)


def _attend(
    process: subprocess.Popen[bytes], until_s: float, stopped: Callable[[], bool]
) -> tuple[str, str | None]:
    """Listen until it ends or must; what it said last, and why it has to be killed."""
    assert process.stdout is not None
    last = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            over = process.poll() is not None
            if not selector.get_map() and not over:  # it has closed its outputs, and goes on
                time.sleep(_POLL_S)
            for _ in selector.select(0 if over else _POLL_S) if selector.get_map() else ():
                chunk = os.read(process.stdout.fileno(), _CHUNK_BYTES)
                last = (last + chunk)[-_LAST_BYTES:]
                if not chunk:
                    selector.unregister(process.stdout)
            if over:
                return _last_line(last), None
            if stopped():
                return _last_line(last), "stopped"
            if time.monotonic() >= until_s:
                return _last_line(last), "late"


def _last_line(said: bytes) -> str:
    lines = [text for text in said.decode("utf-8", "backslashreplace").splitlines() if text.strip()]
    return one_line(lines[-1].strip()) if lines else ""
