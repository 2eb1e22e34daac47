"""What people decide in the page: approve, reject, undo, redo, and touch up with the brush."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from daemon.ledger.decisions import Verdict
from daemon.photo import Touchup
from daemon.redoing import Wish
from daemon.web import door
from daemon.web.answers import Problem, answer, document, text_of
from daemon.web.files import results_of
from daemon.web.photos import in_full
from daemon.web.place import Place, entry_of
from matting.picture.stroke import Mark, Stroke

_VERDICTS = {"approve": Verdict.APPROVED, "reject": Verdict.REJECTED}
_MOST_STROKES, _MOST_POINTS = 500, 60_000


class Deciding:
    """The answers of /api/photos/ID/decisions and /api/photos/ID/redo."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def decide(self, request: Request) -> Response:
        """Approve, reject or undo."""
        wanted = text_of(await document(request), "decision")
        photo, who = request.path_params["photo"], request.scope["who"]

        def act() -> Response:
            with self._place.gallery() as gallery:
                entry = entry_of(gallery, photo)
            if wanted == "undo":
                door.undo(self._place, entry.photo.id, who)
            elif wanted in _VERDICTS:
                door.decide(self._place, entry.photo.id, _VERDICTS[wanted], who)
            else:
                raise Problem(400, "decision should be approve, reject or undo")
            return self._now(photo)

        return await run_in_threadpool(act)

    async def redo(self, request: Request) -> Response:
        """Have it worked through again, as a profile says or with what was drawn."""
        given = await document(request)
        profile, engine = text_of(given, "profile"), text_of(given, "engine")
        strokes = _strokes(given["strokes"]) if given.get("strokes") is not None else None
        photo, who = request.path_params["photo"], request.scope["who"]

        def act() -> Response:
            touchup = None
            with self._place.gallery() as gallery:
                entry = entry_of(gallery, photo)
                if strokes is not None and entry.filed is not None and entry.filed.parts:
                    raise Problem(409, "the file holds several photos, which the brush cannot mend")
                if strokes is not None:
                    found = results_of(gallery, entry)
                    paths = (os.fsdecode(os.path.join(one.root, one.name)) for one in found)
                    touchup = Touchup(tuple(paths), strokes)
            door.ask_again(self._place, entry, Wish(profile, engine, touchup), who)
            return self._now(photo)

        return await run_in_threadpool(act)

    def _now(self, photo: str) -> Response:
        with self._place.gallery() as gallery:
            return answer(in_full(self._place, gallery, entry_of(gallery, photo)))


def _strokes(given: Any) -> tuple[Stroke, ...]:
    """What was drawn.

    Raises:
        Problem: it is nothing that can have been drawn.
    """
    try:
        strokes = tuple(_stroke(one) for one in given)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        told = "strokes should be a list of {mark, width, points: [[x, y], ...]}"
        raise Problem(400, told) from error
    points = sum(len(stroke.points) for stroke in strokes)
    if not 0 < len(strokes) <= _MOST_STROKES or points > _MOST_POINTS:
        raise Problem(400, f"at most {_MOST_STROKES} strokes of {_MOST_POINTS} points in all")
    return strokes


def _stroke(given: Any) -> Stroke:
    if given["mark"] not in get_args(Mark):
        raise ValueError(given["mark"])
    width = _number(given["width"], 1, 4000)
    points = tuple(_point(one) for one in given["points"])
    if not points:
        raise ValueError("no points")
    return Stroke(given["mark"], width, points)


def _point(given: Sequence[Any]) -> tuple[float, float]:
    x, y = given
    return _number(x, -10_000, 1_000_000), _number(y, -10_000, 1_000_000)


def _number(given: Any, least: float, most: float) -> float:
    value = float(given)
    if isinstance(given, bool) or not math.isfinite(value) or not least <= value <= most:
        raise ValueError(given)
    return round(value, 1)
