"""What a worker says became of a job, as JSON: the daemon believes none of it that it can look up.

Names and sizes of results are looked up in the staging directory; what cannot be (how many people,
which engine) is taken as words and numbers of bounded length, and an error only if it is one that a
photo process may raise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from daemon import errors
from daemon.errors import MattedError, PhotoError
from daemon.filed import Filed, Part
from daemon.work.job import Outcome, Staged, Unchanged
from matting.errors import one_line
from matting.judgement.flag import Flag

_OWN = (
    errors.NotReady,
    errors.Changed,
    errors.Refused,
    errors.NotAPhoto,
    errors.TooManyPixels,
    errors.NotWritten,
    errors.OutOfMemory,
    errors.EngineStumbled,
    errors.WorkerDied,
    errors.Interrupted,
)
"""Errors that are the photo's, or nobody's. All that have to do with files or disks are the
worker's own trouble: the daemon looks at its own."""
_BY_NAME: Mapping[str, type[PhotoError]] = {one.__name__: one for one in _OWN}
_MOST_FILES = 20_000
_MOST_CHARACTERS = 2000


class BadAnswer(MattedError):
    """A worker's answer that none of ours would give."""


@dataclass(frozen=True, slots=True)
class File:
    """One that a worker says it has staged."""

    name: bytes
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Made:
    """All results lie in the staging directory, or wait on the worker to be fetched."""

    files: tuple[File, ...]
    filed: Filed


@dataclass(frozen=True, slots=True)
class Unseen:
    """The worker does not see these: they have to travel."""

    files: bool
    results: bool


@dataclass(frozen=True, slots=True)
class Troubled:
    """The worker cannot work at present, through no fault of the photo."""

    reason: str


Answer = Made | Unchanged | Unseen | Troubled | MattedError


def told(outcome: Outcome | MattedError) -> dict[str, Any]:
    """What a worker says of a job's end."""
    match outcome:
        case Staged(plan, filed):
            files = [
                [move.staged.rpartition(b"/")[2].decode("ascii"), move.size_bytes, move.sha256]
                for move in plan.moves
            ]
            facts = asdict(filed)
            for ours in ("names", "worker"):  # which the daemon knows better
                del facts[ours]
            return {"made": files, "filed": facts}
        case Unchanged(sha256):
            return {"unchanged": sha256}
        case error if type(error) in _OWN:
            return {"failed": type(error).__name__, "reason": one_line(error, longest=2000)}
        case error:
            return troubled(error)


def troubled(reason: object) -> dict[str, Any]:
    """That this machine cannot work at present."""
    return {"troubled": one_line(reason, longest=_MOST_CHARACTERS)}


def unseen(*, files: bool, results: bool) -> dict[str, Any]:
    """That something has to travel."""
    return {"unseen": {"files": files, "results": results}}


def read(answer: Mapping[str, Any]) -> Answer:
    """What a worker said.

    Raises:
        BadAnswer: nobody of ours said that.
    """
    try:
        return _read(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadAnswer(f"an answer that cannot be read: {one_line(error)}") from error


def _read(answer: Mapping[str, Any]) -> Answer:
    match answer:
        case {"made": list(files), "filed": dict(facts)}:
            if not 0 < len(files) <= _MOST_FILES:
                raise ValueError(f"{len(files)} results")
            return Made(
                tuple(_file(number, one) for number, one in enumerate(files)), _filed(facts)
            )
        case {"unchanged": str(sha256)}:
            return Unchanged(_digest(sha256))
        case {"unseen": {"files": bool(files), "results": bool(results)}}:
            return Unseen(files, results)
        case {"failed": str(name), "reason": str(reason)}:
            return _BY_NAME[name](_line(reason))
        case {"troubled": str(reason)}:
            return Troubled(_line(reason))
        case _:
            raise ValueError("none of those that are known")


def _file(number: int, told: Any) -> File:
    name, size_bytes, sha256 = told
    stem, *endings = str(name).split(".")
    plain = all(part.isascii() and part.isalnum() for part in endings)
    if stem != str(number) or not 1 <= len(endings) <= 2 or not plain:
        raise ValueError(f"a result called {name!r}")
    return File(str(name).encode(), _whole(size_bytes), _digest(sha256))


def _filed(facts: Mapping[str, Any]) -> Filed:
    return Filed(
        names=(),
        size=_size(facts["size"]),
        engine=_line(facts["engine"]),
        device=_line(facts["device"]),
        people=None if facts["people"] is None else _whole(facts["people"]),
        sha256=_digest(facts["sha256"]),
        refiner=_line(facts["refiner"]),
        tiles=_whole(facts["tiles"]),
        took_s={_line(stage): _number(took) for stage, took in facts["took_s"].items()},
        warnings=tuple(map(_line, facts["warnings"])),
        covered=None if facts["covered"] is None else _number(facts["covered"]),
        flags=tuple(_flag(one) for one in facts["flags"]),
        holds_photo=facts["holds_photo"] is True,
        parts=tuple(_part(one) for one in facts["parts"]),
    )


def _flag(told: Mapping[str, Any]) -> Flag:
    place = told["place"]
    left, top, width, height = place or (0, 0, 0, 0)
    where = (_whole(left), _whole(top), _whole(width), _whole(height))
    return Flag(_line(told["reason"]), _number(told["value"]), None if place is None else where)


def _part(told: Mapping[str, Any]) -> Part:
    page, number, size = told["page"], told["print"], told["size"]
    return Part(
        None if page is None else _whole(page),
        None if number is None else _whole(number),
        None if size is None else _size(size),
        tuple(_flag(one) for one in told["flags"]),
    )


def _size(told: Any) -> tuple[int, int]:
    width, height = told
    return _whole(width), _whole(height)


def _whole(told: Any) -> int:
    if not isinstance(told, int) or not 0 <= told < 1 << 62:
        raise ValueError(f"{told!r} is no such number")
    return told


def _number(told: Any) -> float:
    if not isinstance(told, int | float) or not math.isfinite(told):
        raise ValueError(f"{told!r} is no number")
    return float(told)


def _digest(told: Any) -> str:
    if not isinstance(told, str) or len(told) != 64 or set(told) - set("0123456789abcdef"):
        raise ValueError("no SHA-256")
    return told


def _line(told: Any) -> str:
    if not isinstance(told, str) or len(told) > _MOST_CHARACTERS:
        raise ValueError("a line is expected")
    return one_line(told, longest=_MOST_CHARACTERS)
