"""Workers that are not as they should be; each fault is put on before the worker starts."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jobs

from daemon.cluster import answers, compared
from daemon.executors import local
from daemon.executors.contract import Given
from daemon.workstation import desk, running

POISON = b"poison"
"""A photo with this in its name kills its worker, and not only its photo process."""


def well() -> None:
    """As it should be, but for poison."""


def _worked(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    right = answers.told
    answers.told = lambda outcome: change(right(outcome))


def lie() -> None:
    """Say other hashes than what was staged has."""

    def lying(told: dict[str, Any]) -> dict[str, Any]:
        if "made" in told:
            told["made"] = [[name, size, "0" * 64] for name, size, _ in told["made"]]
        return told

    _worked(lying)


def lie_about_photo() -> None:
    """Say another hash of the photo."""

    def lying(told: dict[str, Any]) -> dict[str, Any]:
        if "filed" in told:
            told["filed"]["sha256"] = "0" * 64
        return told

    _worked(lying)


def babble() -> None:
    """Answer what nobody asked."""
    _worked(lambda _: {"made": [["../../etc/passwd", -1, "x"]], "filed": {}})


def stumble() -> None:
    """Answer by an exception that nobody expects."""

    def stumbling(_: Any) -> Any:
        raise ZeroDivisionError("a defect")

    vars(answers)["told"] = stumbling


def be_slow() -> None:
    """Answer after four seconds."""

    def late(told: dict[str, Any]) -> dict[str, Any]:
        time.sleep(4)
        return told

    _worked(late)


def differ() -> None:
    """Be of another version."""
    right = compared.here
    vars(running)["here"] = lambda *args, **named: replace(right(*args, **named), version="0.0.1")


def obey() -> None:
    """Do with photos what their names say, and not what a photo process does."""

    def opened(given: Given) -> local.LocalExecutor:
        return local.LocalExecutor(jobs.work, count=2, timeout_s=3, wake=given.wake)

    local.opened = opened


def dawdle() -> None:
    """Both."""
    obey()
    be_slow()


FAULTS: Mapping[str, Callable[[], None]] = {
    one.__name__: one
    for one in (well, lie, lie_about_photo, babble, stumble, be_slow, differ, obey, dawdle)
}


def become(fault: str) -> None:
    """Put a fault on, and heed poison."""
    right = desk.Desk._worked

    def worked(self: desk.Desk, job: Any) -> Any:
        if POISON in job.photo.path:
            os.kill(os.getpid(), signal.SIGKILL)
        return right(self, job)

    setattr(desk.Desk, right.__name__, worked)
    FAULTS[fault]()
