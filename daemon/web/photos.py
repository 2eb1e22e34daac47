"""Photos as JSON: in lists, and one with all that is known of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from daemon.ledger import Entry, State
from daemon.ledger.gallery import Choice, Gallery, cursor_of, cursor_text
from daemon.photo import show
from daemon.service.status import midnight_s
from daemon.stations import standing
from daemon.stations.standing import Handed
from daemon.web.answers import Problem, answer
from daemon.web.place import Place, entry_of

_MOST, _USUAL = 500, 120


class Photos:
    """The answers of /api/photos."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def list(self, request: Request) -> Response:
        """Those of a choice, the ones to be looked at first."""
        asked = request.query_params
        try:
            choice = Choice(asked.get("show", Choice.TODAY))
            limit = int(asked.get("limit", _USUAL))
            after = cursor_of(asked["after"]) if "after" in asked else None
        except ValueError as error:
            raise Problem(400, "show, limit or after is not one that there can be") from error
        since_s = midnight_s()
        with self._place.gallery() as gallery:
            found, cursor = gallery.chosen(
                choice, since_s=since_s, after=after, limit=max(1, min(limit, _MOST))
            )
            numbers = gallery.numbers(since_s=since_s)
        photos = [told(entry) for entry in found]
        return answer({"photos": photos, "after": cursor_text(cursor), "numbers": numbers})

    def one(self, request: Request) -> Response:
        """All about one."""
        with self._place.gallery() as gallery:
            entry = entry_of(gallery, request.path_params["photo"])
            return answer(in_full(self._place, gallery, entry))


def edition(entry: Entry) -> str:
    """Changes whenever a photo is filed anew, so that its pictures may be kept until then."""
    return f"{round(entry.changed_s * 1000):x}"


def told(entry: Entry) -> dict[str, Any]:
    """One photo, as it stands in lists."""
    photo, filed = entry.photo, entry.filed
    return {
        "id": photo.id,
        "name": photo.shown,
        "folder": show(os.path.basename(photo.folder.rstrip("/"))),
        "state": str(entry.state),
        "changed_s": entry.changed_s,
        "edition": edition(entry),
        "reason": entry.reason,
        "decided": entry.decided,
        "redoing": photo.redo is not None and entry.state is not State.FILED,
        "size": list(filed.size) if filed else None,
        "parts": _parts(entry),
        "flags": [asdict(flag) for flag in filed.flags] if filed else [],
    }


def _parts(entry: Entry) -> list[dict[str, Any]]:
    """The photos in the file, if it holds several: each with pictures and results of its own."""
    parts = entry.filed.parts if entry.filed else ()
    each = len(entry.photo.names) // len(parts) if parts else 0
    return [
        {
            "page": part.page,
            "print": part.print,
            "edition": f"{edition(entry)}.{number}",
            "size": list(part.size) if part.size else None,
            "flags": [asdict(flag) for flag in part.flags],
            "files": list(range((number - 1) * each, number * each)),
        }
        for number, part in enumerate(parts, 1)
    ]


def in_full(place: Place, gallery: Gallery, entry: Entry) -> dict[str, Any]:
    """One photo, with all that is known of it."""
    photo, filed = entry.photo, entry.filed
    facts: Mapping[str, Any] = {} if filed is None else asdict(filed)
    kept = ("engine", "device", "people", "refiner", "covered", "took_s", "warnings")
    return told(entry) | {
        "filed_on": photo.filed_on.isoformat() if photo.filed_on else None,
        "bytes": photo.version.size_bytes,
        "sha256": entry.sha256,
        "filed": {name: facts[name] for name in kept} if facts else None,
        "files": [
            {"number": number, "name": show(name)} for number, name in enumerate(photo.names)
        ],
        "filings": len(gallery.history(photo.id)) + (entry.state is State.FILED),
        "decisions": [_decision(one) for one in gallery.decisions(photo.id)],
        "handovers": [_handover(one) for one in _handovers(place, gallery, entry)],
    }


def _handovers(place: Place, gallery: Gallery, entry: Entry) -> tuple[Handed, ...]:
    return standing.of_photo(place.settings.state_dir, entry.photo.id, gallery.identity())


def _handover(one: Handed) -> dict[str, Any]:
    return {
        "station": one.station,
        "state": one.state,
        "at_s": one.at_s,
        "reason": one.reason,
    }


def _decision(one: Any) -> dict[str, Any]:
    facts = asdict(one)
    del facts["photo"]
    return facts
