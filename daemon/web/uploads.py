"""A photo into a watched folder, as a scanner puts it there: a temporary name, then renamed.

What becomes of it is intake's to decide, as of every other photo.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from daemon.log.events import Event, Log
from daemon.photo import show
from daemon.service import board
from daemon.shelf import below, durable
from daemon.shelf.below import Spot
from daemon.web.answers import Problem, answer
from daemon.web.place import Place

_HEAD_BYTES = 12
_LONGEST_NAME_BYTES = 200
_ENDINGS = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".tif", ".tiff", ".bmp", ".dib", ".webp",
    ".heic", ".heif", ".hif", ".avif", ".psd", ".psb", ".jp2", ".j2k", ".jpf", ".jpx", ".dng",
    ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".sr2", ".orf", ".raf", ".rw2", ".pef", ".srw", ".3fr",
    ".iiq",
)  # fmt: skip
_BEGINNINGS = (
    b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM", b"RIFF", b"8BPS",
    b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILM", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51",
)  # fmt: skip
_BOX = b"ftyp"
"""Of HEIC, AVIF and CR3, in bytes 4 to 8."""


class Uploads:
    """The answers below /api/inboxes."""

    def __init__(self, place: Place, log: Log) -> None:
        self._place = place
        self._log = log

    def list(self, _: Request) -> Response:
        """The names of watched folders, and whether they take photos from here."""
        return answer({"inboxes": list(self._place.inboxes) if self._place.web.upload else []})

    async def put(self, request: Request) -> Response:
        """A photo, as the raw body."""
        if not self._place.web.upload:
            raise Problem(403, "`upload:` of `web:` is switched off")
        folder = self._place.inboxes.get(request.path_params["inbox"])
        if folder is None:
            raise Problem(404, "there is no such inbox")
        name = _name(request.path_params["name"])
        await run_in_threadpool(self._demand_watched, str(folder))
        try:
            with below.opened(folder) as inbox:
                size_bytes = await _received(request.stream(), inbox, name)
        except FileExistsError as error:
            raise Problem(409, "a file of this name is there already") from error
        except OSError as error:
            raise Problem(507, f"it cannot be written: {error.strerror}") from error
        facts = {"folder": str(folder), "path": show(name), "size_bytes": size_bytes}
        self._log.info(Event.WEB_UPLOADED, **facts, who=request.scope["who"])
        return answer({"name": show(name), "bytes": size_bytes}, 201)

    def _demand_watched(self, folder: str) -> None:
        """A share that is away leaves a bare directory, from which nothing would ever be filed."""
        running, news = board.at_present(self._place.settings.state_dir)
        known = news.get("folders", {}).get(folder)
        if not running or known is None:
            raise Problem(503, "the daemon does not watch this folder at present")
        if known.get("paused"):
            raise Problem(503, f"the folder is paused: {known['paused']}")


def _name(text: str) -> bytes:
    """The file's name.

    Raises:
        Problem: a photo cannot be called so here.
    """
    name = os.fsencode(text)
    plain = text.isprintable() and "/" not in text and "\\" not in text
    if not plain or text.startswith((".", "~")) or len(name) > _LONGEST_NAME_BYTES:
        raise Problem(400, "the name should be a plain file name")
    if not text.lower().endswith(_ENDINGS):
        raise Problem(415, "the name should end as photos' names do, in .jpg for one")
    return name


async def _received(body: AsyncIterator[bytes], inbox: int, name: bytes) -> int:
    """Write it under a name that intake leaves alone, then give it its own; returns its size."""
    draft = Spot(inbox, b".matted-upload-" + secrets.token_hex(8).encode() + b".part")
    with below.fresh(draft) as descriptor:
        try:
            size_bytes = await _write(body, descriptor)
            await run_in_threadpool(os.fsync, descriptor)
            durable.rename(draft, Spot(inbox, name))
            below.sync(inbox)
        except BaseException:
            with contextlib.suppress(OSError):
                durable.unlink(draft)
            raise
    return size_bytes


def _is_photo(head: bytes) -> bool:
    return head.startswith(_BEGINNINGS) or head[4:8] == _BOX


async def _write(body: AsyncIterator[bytes], descriptor: int) -> int:
    head, size_bytes = b"", 0
    async for chunk in body:
        if len(head) < _HEAD_BYTES:
            head += chunk[:_HEAD_BYTES]
            if len(head) >= _HEAD_BYTES and not _is_photo(head):
                raise Problem(415, "it is no photo of a kind that is taken")
        size_bytes += len(chunk)
        left = memoryview(chunk)
        while left:
            left = left[await run_in_threadpool(os.write, descriptor, left) :]
    if len(head) < _HEAD_BYTES:
        raise Problem(415, "it is too short for a photo")
    return size_bytes
