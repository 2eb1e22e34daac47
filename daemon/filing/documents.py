"""What hooks, webhooks and the manifest are told of a photo: JSON documents. Pure.

Paths are exact: what is no UTF-8 is written as lone surrogates, as Python and JSON can hold them
(``os.fsencode`` gives the bytes back). The version of the format is in each document.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from daemon.filed import Filed
from daemon.photo import Photo
from daemon.plan import Plan

FORMAT = 1


def filed(
    photo: Photo, plan: Plan, facts: Filed, *, now_s: float, outputs: Sequence[str] = ()
) -> dict[str, Any]:
    """A photo whose results lie under their final names.

    Args:
        photo: which.
        plan: where they lie.
        facts: about it.
        now_s: seconds since the epoch.
        outputs: the names of the outputs in the plan's order; none if nobody knows them any more.
    """
    named = outputs if len(outputs) == len(plan.moves) else [""] * len(plan.moves)
    return {
        **_head("filed", photo, now_s),
        "filed_on": photo.filed_on.isoformat() if photo.filed_on else None,
        "sha256": facts.sha256,
        "redone": photo.redo is not None,
        "size": list(facts.size),
        "parts": [asdict(part) for part in facts.parts],
        "results_folder": os.fsdecode(plan.results),
        "results": [
            {
                "path": os.fsdecode(one.final),
                **({"output": output} if output else {}),
                "bytes": one.size_bytes,
                "sha256": one.sha256,
            }
            for one, output in zip(plan.moves, named, strict=True)
        ],
        "engine": facts.engine,
        "device": facts.device,
        **({"worker": facts.worker} if facts.worker else {}),
        "refiner": facts.refiner,
        "people": facts.people,
        "warnings": list(facts.warnings),
        "flags": [asdict(flag) for flag in facts.flags],
        "took_s": dict(facts.took_s),
    }


def quarantined(photo: Photo, reason: str, *, now_s: float) -> dict[str, Any]:
    """A photo that was given up."""
    return {**_head("quarantined", photo, now_s), "reason": reason, "attempts": photo.attempts}


def paused(event: str, *, folder: str | None, reason: str | None, now_s: float) -> dict[str, Any]:
    """A folder, or everything if that is None, is ``paused`` or ``resumed``."""
    return {"format": FORMAT, "event": event, "at": _at(now_s), "folder": folder, "reason": reason}


def _head(event: str, photo: Photo, now_s: float) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "event": event,
        "at": _at(now_s),
        "photo": photo.id,
        "folder": photo.folder,
        "path": os.fsdecode(photo.path),
        "source": os.path.join(photo.folder, os.fsdecode(photo.path)),
        "bytes": photo.version.size_bytes,
    }


def _at(now_s: float) -> str:
    return time.strftime("%FT%T%z", time.localtime(now_s))
