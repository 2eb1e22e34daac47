"""The engine process: ``python -m matting --socket PATH --engine NAME``.

Started by ``matting.host`` with a status pipe; may also be run by hand without one. Runs on
Python 3.7 too.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # Before anything that could print is imported: frameworks greet the world on fd 1, from C too.
    os.dup2(2, 1)

import argparse
import faulthandler
import json
import select
import signal
import threading
from typing import Any, Dict

EXIT_UNAVAILABLE = 3
PR_SET_PDEATHSIG = 1


def main() -> int:
    """Load the engine, tell the host, serve until killed."""
    args = _arguments()
    _prepare_signals()
    if args.status_fd is not None:
        _die_with_host(args.status_fd)
    # numpy and, through it, all that matting needs: only now, under the redirected fd 1.
    from matting.process import server  # noqa: PLC0415 - see above

    tell = server.StatusPipe(args.status_fd)
    reason = server.run(args.socket, args.engine, args.options, tell)
    tell.write({"unavailable": reason})
    sys.stderr.write(f"engine {args.engine} is unavailable: {reason}\n")
    return EXIT_UNAVAILABLE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m matting", description="A matting engine.")
    parser.add_argument("--socket", required=True, help="Unix socket to listen at")
    parser.add_argument("--engine", required=True, help="name, or dotted path of its module")
    parser.add_argument("--options", type=_options, default={}, help="its settings, as JSON")
    parser.add_argument("--status-fd", type=int, default=None, help="the host's pipe")
    return parser.parse_args()


def _options(text: str) -> Dict[str, Any]:
    options = json.loads(text)
    if not isinstance(options, dict):
        raise argparse.ArgumentTypeError("expected a JSON object")
    return options


def _prepare_signals() -> None:
    """SIGINT is the host's to handle; SIGTERM kills at once, even within a framework's C code.

    A Python handler for SIGTERM would only run when that code returns.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGINT])
    faulthandler.enable()  # a crash in C leaves the Python lines as last words


def _die_with_host(status_fd: int) -> None:
    """End this process when the host ends, by two ways that cover each other's gap.

    The kernel's parent-death signal works while C code holds the interpreter lock, but watches
    the wrong process if ``engine.python`` is a wrapper that forks. The status pipe loses its
    reader even then (and if the host died before we came here), but needs a thread to see it.
    """
    os.set_inheritable(status_fd, False)  # noqa: FBT003 - the function takes no keywords
    try:
        import ctypes  # noqa: PLC0415 - optional: not every interpreter was built with libffi

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        sys.stderr.write("no parent-death signal here; watching the status pipe alone\n")
    threading.Thread(target=_watch, args=(status_fd,), name="watch", daemon=True).start()


def _watch(status_fd: int) -> None:
    poll = select.poll()
    poll.register(status_fd, 0)
    poll.poll()  # returns when the last reader is gone
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)  # whatever the framework started, too
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
