"""What the systemd journal gets of an event: its facts as fields, and an ID that explains it.

``journalctl -u matted PHOTO=17`` tells one photo's whole story; ``journalctl -x`` adds what
systemd/matted.catalog says about the event.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

IDENTIFIER = "matted"
_NAMESPACE = uuid.UUID("14f2cc55-0b0b-4e1b-ae2d-cc393acde44a")
_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_OWN_PLACE = frozenset({"event", "level", "timestamp", "exception"})
"""Facts that have a field of another name, or that the journal keeps itself."""


def message_id(event: str) -> str:
    """The event's MESSAGE_ID, 32 hex digits.

    Made of its name, so that the same event has the same ID for ever and a new one needs no table.
    """
    return uuid.uuid5(_NAMESPACE, event).hex


def fields(event: Mapping[str, Any]) -> list[str]:
    """All journal fields of an event, as ``NAME=value``; a list of texts has one for each."""
    facts = {key: value for key, value in event.items() if key not in _OWN_PLACE}
    name = str(event["event"])
    known = {
        "MESSAGE": _message(name, facts),
        "MESSAGE_ID": message_id(name),
        "EVENT": name,
        "PRIORITY": str(_PRIORITY.get(str(event.get("level")), 6)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
    }
    if "exception" in event:
        known["TRACEBACK"] = str(event["exception"])
    told = [f"{key}={value}" for key, value in known.items()]
    for key, value in facts.items():
        told += [f"{_name(key)}={text}" for text in _texts(value)]
    return told


def writer(send: Callable[..., None] | None = None) -> Processor:
    """The last processor of structlog: hands the event over, and nothing else is written.

    Args:
        send: takes all fields at once; by default the journal does.
    """
    hand_over = send or _sendv()

    def write(_: object, __: str, event: EventDict) -> EventDict:
        hand_over(*fields(event))
        raise structlog.DropEvent

    return write


def _message(name: str, facts: Mapping[str, Any]) -> str:
    """One line for people; what is nested is in the fields alone."""
    flat = {key: value for key, value in facts.items() if not isinstance(value, Mapping)}
    words = (f"{key}={'; '.join(_texts(value))}" for key, value in flat.items())
    return " ".join((name, *words))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield from value
    elif isinstance(value, list | Mapping):
        yield json.dumps(value, default=str)
    else:
        yield str(value)


def _name(key: str) -> str:
    """A name the journal takes: capitals, digits and underscores, a letter first."""
    return re.sub(r"[^A-Z0-9_]", "_", key.upper()).lstrip("_0123456789")[:64] or "FACT"


def _sendv() -> Callable[..., None]:
    from systemd import journal  # noqa: PLC0415 - needed, and present, under systemd alone

    send: Callable[..., None] = journal.sendv
    return send
