"""Does a worker see a folder as the daemon does? Asked with a file that nobody else can have.

A share is known by what lies on it, never by its path: another one may be mounted there. So the
daemon writes a file with an unguessable name and content, and a worker says what it reads under its
own path of that folder. Where it has to write, it answers with a file beside that one, which the
daemon looks for in turn: a share may be mounted read-only, or give what is written to another user.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.cluster.paths import mapped
from daemon.photo import show
from daemon.shelf import below, durable, rehearsal, roots, staging
from daemon.shelf.below import Spot

_ANSWER = b"answer"
_MOST_BYTES = 1 << 10
_PREFIX = ".matted-probe-"
"""Hidden, so that no scan takes it for a photo."""
_SEEN_WITHIN_S = 5.0
"""So long shares may keep what they knew of a directory."""
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Question:
    """A file that lies there while the question is open."""

    path: bytes
    """Absolute, on the daemon's machine."""
    content: bytes
    writes: bool
    """Whether it is to be answered by a file beside it."""

    def args(self) -> dict[str, Any]:
        """As it travels: what stands in the file is for the worker to say."""
        return {"path": base64.b64encode(self.path).decode(), "write": self.writes}

    def judged(self, told: Mapping[str, Any]) -> View:
        """What the worker's answer means, who may say anything.

        Args:
            told: as ``probe`` returned it.
        """
        path, trouble, clock_s = told.get("path"), told.get("trouble"), told.get("clock_s")
        if not (isinstance(path, str) and isinstance(clock_s, int | float)):
            return View("?", "it answered what makes no sense", 0.0)
        if trouble is not None:
            return View(_plain(path), _plain(str(trouble)), clock_s)
        if told.get("content") != self.content.hex():
            return View(_plain(path), "another folder is there, with a file of this name", clock_s)
        if self.writes and not self._is_answered():
            return View(_plain(path), "what it wrote is not to be seen here", clock_s)
        return View(_plain(path), None, clock_s)

    def _is_answered(self) -> bool:
        until_s = time.monotonic() + _SEEN_WITHIN_S
        while True:
            with contextlib.suppress(OSError), below.opened(os.path.dirname(self.path)) as at:
                if _content(Spot(at, _ANSWER)) == self.content:
                    return True
            if time.monotonic() > until_s:
                return False
            time.sleep(_LOOK_S)


@dataclass(frozen=True, slots=True)
class View:
    """How a worker sees a folder."""

    path: str
    """Where it looked, for people."""
    trouble: str | None
    """Why it did not see the very file, or could not write; None: it did."""
    clock_s: float
    """Its own, seconds since the epoch."""


def _plain(text: str) -> str:
    return show(os.fsencode(text[:200]))


# The worker's side


def probe(args: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """Look for the daemon's file here, and answer it.

    Args:
        args: as ``Question.args``.
        paths: the worker's own ``executor.paths``.

    Returns:
        JSON values for ``Question.judged``.
    """
    path = mapped(base64.b64decode(args["path"]), paths)
    told: dict[str, Any] = {"path": os.fsdecode(os.path.dirname(path)), "clock_s": time.time()}
    try:
        with below.opened(os.path.dirname(path)) as at:
            found = _content(Spot(at, os.path.basename(path)))
            if args["write"]:
                durable.write_new(Spot(at, _ANSWER), found)
                below.sync(at)
    except FileNotFoundError:
        return {**told, "trouble": "another folder is there, or none"}
    except OSError as error:
        return {**told, "trouble": error.strerror or "it cannot be read"}
    return {**told, "content": found.hex()}


def _content(at: Spot) -> bytes:
    with below.regular(at) as descriptor:
        return os.read(descriptor, _MOST_BYTES)


# The daemon's side


@contextlib.contextmanager
def to_read(folder: Path) -> Iterator[Question]:
    """Ask whether workers can read from a folder.

    Raises:
        OSError: the daemon cannot write there itself.
    """
    with below.opened(folder) as at, _asked(at, os.fsencode(folder), writes=False) as question:
        yield question


@contextlib.contextmanager
def to_write(results: Path) -> Iterator[Question]:
    """Ask whether workers can stage results: in a directory that is closed to others, as theirs.

    Raises:
        ResultsTrouble: the daemon cannot do so either.
    """
    with rehearsal.lent(results) as inside, staging.on_trial(inside) as stage:
        where = os.path.join(os.fsencode(results), roots.private(0, "trial"))
        with _asked(stage, where, writes=True) as question:
            yield question


@contextlib.contextmanager
def _asked(at: int, where: bytes, *, writes: bool) -> Iterator[Question]:
    spot = Spot(at, f"{_PREFIX}{secrets.token_hex(16)}".encode())
    question = Question(os.path.join(where, spot.name), secrets.token_bytes(16), writes)
    try:
        durable.write_new(spot, question.content)
        below.sync(at)
        yield question
    finally:
        with contextlib.suppress(FileNotFoundError):
            durable.unlink(spot)
