"""Words that more than one verb says."""

from __future__ import annotations

import time

from daemon.config.invocation import program
from matting.judgement.flag import Flag
from matting.judgement.told import TOLD


def count_people(people: int | None) -> str:
    """How many people an engine found, for people."""
    if people is None:
        return "people not counted"
    if people == 0:
        return "nobody found"  # what became of the matte is a warning of the engine's
    return "1 person" if people == 1 else f"{people} people"


def tell_flag(flag: Flag) -> str:
    """Why somebody should look at a matte, and where, for people."""
    why = TOLD.get(flag.reason, flag.reason)
    if flag.place is None:
        return why
    left, top, width, height = flag.place
    return f"{why} ({width} x {height} pixels at {left}, {top})"


def advice(text: str) -> str:
    """A text that names commands as `matted ...`, with what has to be typed here."""
    return text.replace("`matted ", f"`{program()} ")


def moment(time_s: float) -> str:
    """When that was, by local time; from seconds since the epoch."""
    return time.strftime("%F %T", time.localtime(time_s))
