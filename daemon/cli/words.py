"""Words that more than one verb says."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

_NAME = "matted"


def count_people(people: int | None) -> str:
    """How many people an engine found, for people."""
    if people is None:
        return "people not counted"
    if people == 0:
        return "nobody found, so the matte is empty"
    return "1 person" if people == 1 else f"{people} people"


def command() -> str:
    """How this program is called: ``matted`` only where a shell finds it.

    Whoever has it in ``.venv/bin`` alone could not follow advice that says ``matted``.
    """
    called = sys.argv[0]
    if os.path.basename(called) != _NAME:  # as `python -m daemon`; it lies beside that python
        called = os.path.join(os.path.dirname(sys.executable), _NAME)
    found = shutil.which(_NAME)
    if not os.path.exists(called) or (found and os.path.samefile(found, called)):
        return _NAME
    return shlex.quote(_short(called))


def advice(text: str) -> str:
    """A text that names commands as `matted ...`, with what has to be typed here."""
    return text.replace(f"`{_NAME} ", f"`{command()} ")


def _short(path: str) -> str:
    """Relative to the present directory where that is shorter, and absolute elsewhere."""
    return min(os.path.relpath(path), os.path.abspath(path), key=len)
