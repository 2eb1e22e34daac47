"""Results and originals, by a photo's id and a number: no address names a path.

Each is reached from its root through open directories and never through a link, since others may
write there.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from daemon.errors import MattedError
from daemon.ledger import Entry
from daemon.ledger.gallery import Gallery
from daemon.shelf import below
from daemon.shelf.originals import find_original
from daemon.web.answers import Problem
from daemon.web.place import Place, entry_of

_CHUNK_BYTES = 1 << 18
_KINDS = ("image/png", "image/tiff", "image/jpeg", "image/webp", "image/bmp")


@dataclass(frozen=True, slots=True)
class Found:
    """A file below a root."""

    root: bytes
    name: bytes
    """Relative."""


class Files:
    """The answers of /api/photos/ID/files and /api/photos/ID/original."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def result(self, request: Request) -> Response:
        """One of the results."""
        number = request.path_params["number"]

        def find() -> Found:
            with self._place.gallery() as gallery:
                entry = entry_of(gallery, request.path_params["photo"])
                found = results_of(gallery, entry)
            if not (number.isascii() and number.isdecimal() and int(number[:9]) < len(found)):
                raise Problem(404, "there is no such result")
            return found[int(number)]

        return await _streamed(await run_in_threadpool(find))

    async def original(self, request: Request) -> Response:
        """The photo itself, wherever it lies by now."""

        def find() -> Found:
            with self._place.gallery() as gallery:
                entry = entry_of(gallery, request.path_params["photo"])
                return original_of(self._place, gallery, entry)

        return await _streamed(await run_in_threadpool(find))


def results_of(gallery: Gallery, entry: Entry) -> list[Found]:
    """Where a photo's results lie, in the order of their numbers."""
    root = gallery.results_of(entry.photo.id)
    return [] if root is None else [Found(os.fsencode(root), name) for name in entry.photo.names]


def original_of(place: Place, gallery: Gallery, entry: Entry) -> Found:
    """Where a photo's original lies by now.

    Raises:
        Problem: nowhere that is known.
    """
    photo = entry.photo
    if entry.sha256 is None:  # it has not been filed
        return Found(os.fsencode(photo.folder), photo.path)
    folder = next((one for one in place.settings.folders if str(one.watch) == photo.folder), None)
    archive = folder.archive if folder else None
    photos = [photo, *(one.photo for one in gallery.of_content(photo.folder, entry.sha256))]
    try:
        path = find_original(photos, entry.sha256, archive)
    except MattedError as error:
        raise Problem(404, str(error)) from error
    for root in (os.fsencode(photo.folder), *([os.fsencode(archive)] if archive else [])):
        if path.startswith(root.rstrip(b"/") + b"/"):
            return Found(root, os.path.relpath(path, root))
    raise Problem(404, "its original is not there any more")


async def _streamed(found: Found) -> Response:
    """A file, as it is, to be saved."""
    handles = contextlib.ExitStack()
    try:
        descriptor = await run_in_threadpool(_open, found, handles)
    except OSError as error:
        handles.close()
        raise Problem(404, f"it cannot be read: {error.strerror}") from error
    size_bytes = os.fstat(descriptor).st_size
    name = os.path.basename(found.name)
    guessed = mimetypes.guess_type(os.fsdecode(name))[0]
    headers = {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
    }
    kind = guessed if guessed in _KINDS else "application/octet-stream"
    return StreamingResponse(_read(descriptor, size_bytes, handles), 200, headers, kind)


def _open(found: Found, handles: contextlib.ExitStack) -> int:
    at = handles.enter_context(below.opened(found.root))
    spot = handles.enter_context(below.spot(at, found.name))
    return handles.enter_context(below.regular(spot))


async def _read(
    descriptor: int, size_bytes: int, handles: contextlib.ExitStack
) -> AsyncIterator[bytes]:
    """Exactly as much as was announced, or the answer is broken off."""
    with handles:
        while size_bytes > 0:
            chunk = await run_in_threadpool(os.read, descriptor, min(size_bytes, _CHUNK_BYTES))
            if not chunk:
                raise ConnectionError("it became shorter while it was read")
            size_bytes -= len(chunk)
            yield chunk
