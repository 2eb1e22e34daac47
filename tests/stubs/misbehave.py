"""A preprocessing step for tests: it does to its photo process what the photo's corner says.

``run_daemon.py`` puts it into the registry as ``misbehave``. Its option ``when_red`` maps the red
of the top left pixel to a key of BEHAVIOURS; other photos are left as they are.
"""

from __future__ import annotations

import os
import signal
import time

from pydantic import Field

from daemon.options import Options as _Options
from daemon.steps.view import View


class Options(_Options):
    """Which photos are poison."""

    when_red: dict[int, str] = Field(default_factory=dict)
    """A behaviour for each red."""


def apply(view: View, options: Options) -> View:
    behaviour = options.when_red.get(int(view.pixels[0, 0, 0]))
    if behaviour is not None:
        BEHAVIOURS[behaviour]()
    return view


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def end_daemon() -> None:
    """As a photo would for which the kernel's out-of-memory killer picks the wrong process."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)


def leave() -> None:
    os._exit(3)


def hang() -> None:
    time.sleep(3600)


def stop() -> None:
    """As a debugger would, or a disk that does not answer: it cannot even be terminated kindly."""
    os.kill(os.getpid(), signal.SIGSTOP)


def hoard() -> None:
    """Take all the memory that there is."""
    hoarded = []
    while True:
        hoarded.append(bytearray(1 << 24))


BEHAVIOURS = {one.__name__: one for one in (die, end_daemon, leave, hang, stop, hoard)}
