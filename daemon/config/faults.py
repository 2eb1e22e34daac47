"""What pydantic says of settings, in words for people and at the places of the file."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from types import NoneType
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from daemon.config.settings import Settings
from daemon.options import Options

Location = tuple[str | int, ...]
Fault = tuple[Location, str]
MOST_FAULTS = 100
"""Nobody reads more, and a file made to annoy can have thousands."""
_KEY = "[key]"
"""What pydantic adds to the location of a mapping's key that is at fault."""


def faults_of(error: ValidationError, data: Any) -> list[Fault]:
    """One fault per place: the alternatives of a union are joined."""
    messages: dict[Location, list[str]] = {}
    for detail in error.errors(include_url=False)[:MOST_FAULTS]:
        if detail["type"] == "too_short" and detail["input"]:
            continue  # it has entries; their own faults are reported
        at = _inside(detail["loc"], data)
        messages.setdefault(at, []).append(_message(detail))
    return [(at, " or ".join(dict.fromkeys(told))) for at, told in messages.items()]


def _inside(at: Location, data: Any) -> Location:
    """The part of a pydantic location that is in the file, without the names of union members."""
    for depth, key in enumerate(at):
        inside = (isinstance(data, dict) and key in data) or (
            isinstance(data, list) and isinstance(key, int) and key < len(data)
        )
        if not inside:
            # What is missing is in no file, and is the last one of its location.
            missing = depth == len(at) - 1 and key != _KEY and isinstance(data, dict | list)
            return at if missing else at[:depth]
        data = data[key]
    return at


def _message(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return "is not known" + did_you_mean(str(detail["loc"][-1]), _keys_at(detail["loc"]))
        case "missing":
            return "is missing"
        case "too_short":
            return "needs at least one entry"
        case "literal_error":
            expected = [
                text or number
                for text, number in re.findall(r"'([^']*)'|([^\s',]+)", detail["ctx"]["expected"])
                if number != "or"
            ]
            given = str(detail["input"])
            return f"should be {', '.join(expected)}, not {given!r}" + did_you_mean(given, expected)
        case "value_error":
            return str(detail["ctx"]["error"])
        case _:
            message = detail["msg"].removeprefix("Input ")
            return message[0].lower() + message[1:] + _given(detail["input"])


def _given(value: Any) -> str:
    if not isinstance(value, str | int | float):
        return ""
    try:
        return f", not {value!r}"
    except ValueError:  # Python writes out no number of more than 4300 digits
        return ""


def did_you_mean(given: str, known: list[str]) -> str:
    """The end of a fault about an unknown name: the nearest known one, or else all of them."""
    known = [str(one) for one in known]  # keys of a file may be anything
    close = get_close_matches(given[:64], known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def _keys_at(at: Location) -> list[str]:
    """The keys that are allowed where the last key of a location stands."""
    kind: Any = Settings
    for key in at[:-1]:
        kind = kind.model_fields[key].annotation if _is_options(kind) else _item(kind)
        kind = _without_none(kind)
    if is_dataclass(kind):
        return [field.name for field in fields(kind)]
    return list(kind.model_fields) if _is_options(kind) else []


def _is_options(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Options)


def _item(kind: Any) -> Any:
    """What tuple[X, ...] and dict[str, X] hold."""
    held = [arg for arg in get_args(kind) if arg is not Ellipsis]
    return held[-1]


def _without_none(kind: Any) -> Any:
    kept = [arg for arg in get_args(kind) if arg is not NoneType]
    return kept[0] if NoneType in get_args(kind) else kind
