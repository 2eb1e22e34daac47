"""The report on a photo that is given up, and its original, which may have to follow it."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.errors import SourceTrouble
from daemon.filing.destinations import Destination
from daemon.filing.facts import photo_facts
from daemon.log.events import Event, Log
from daemon.photo import Photo
from daemon.shelf.quarantine import quarantine


def write_report(
    photo: Photo, destination: Destination | None, report: Mapping[str, object], log: Log
) -> bool:
    """Write the report on a photo that is given up; move the original if that is allowed.

    Returns:
        Whether the original is where it should be: one that should have followed may not have
        been able to.

    Raises:
        ResultsTrouble: the report cannot be written.
    """
    if destination is None or not destination.reports:
        return True
    move = destination.originals != "keep"
    try:
        quarantine(destination.results, photo, report, move_original=move)
    except SourceTrouble as error:
        log.warning(Event.SOURCE_KEPT, **photo_facts(photo), reason=error.reason)
        return False
    return True
