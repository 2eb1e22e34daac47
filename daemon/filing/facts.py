"""What events about a photo carry."""

from __future__ import annotations

from daemon.log.events import Event, Log
from daemon.photo import Photo


def photo_facts(photo: Photo) -> dict[str, object]:
    """What every event about a photo carries."""
    return {"photo": photo.id, "folder": photo.folder, "path": photo.shown}


def tell_stumbled(log: Log, photo: Photo, error: Exception) -> None:
    """Tell of an error that this program never raises on purpose, with its traceback."""
    log.error(Event.PHOTO_STUMBLED, **photo_facts(photo), reason=str(error), exc_info=error)
