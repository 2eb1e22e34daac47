"""Pictures that the page shows, made when they are first asked for, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pebble import ProcessPool
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from daemon.errors import MattedError
from daemon.log.events import Event, Log
from daemon.machine.spawning import Spawning
from daemon.machine.undisturbed import undisturbed
from daemon.web.answers import Problem
from daemon.web.cache import Cache
from daemon.web.files import original_of, results_of
from daemon.web.layers import FACTS, Files, Layer
from daemon.web.making import make_small, make_tiles, settle_in, warm_up
from daemon.web.photos import edition
from daemon.web.place import Place, entry_of

_PROCESSES = 2
_MEMORY_BYTES = 4 << 30
_TIMEOUT_S = 120.0
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}
_TILE = re.compile(r"\d{1,2}/\d{1,4}_\d{1,4}\.(jpg|webp)")
_SMALL = ("thumb.webp", "before.webp")


class Pictures:
    """The answers below /api/photos/ID/pictures/EDITION."""

    def __init__(self, place: Place, log: Log) -> None:
        self._place = place
        self._log = log
        self._cache = Cache(place.own / "pictures", place.web.cache_mb << 20)
        self._making: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._pool = _new_pool()

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()  # type: ignore[no-untyped-call] # as pebble has it
        self._pool.join()

    async def facts(self, request: Request) -> Response:
        """What there is to be shown of a photo."""
        path = await self._small(request, FACTS)
        return Response(path.read_bytes(), headers=_KEPT, media_type="application/json")

    async def small(self, request: Request) -> Response:
        """The picture for lists, of the result or the original."""
        name = request.path_params["name"]
        if name not in _SMALL:
            raise Problem(404, "there is no such picture")
        return _file(await self._small(request, name))

    async def layer(self, request: Request) -> Response:
        """How the tiles of a layer are cut; they are made by then."""
        path = await self._tiles(request)
        return Response(path.read_bytes(), headers=_KEPT, media_type="application/json")

    async def tile(self, request: Request) -> Response:
        """One of its tiles."""
        layer = _layer_of(request)
        tile = request.path_params["tile"]
        if not _TILE.fullmatch(tile):
            raise Problem(404, "there is no such tile")
        await self._tiles(request)
        found = self._cache.find(_key(request), f"{layer}_files/{tile}")
        if found is None:
            raise Problem(404, "there is no such tile")
        return _file(found)

    async def _small(self, request: Request, name: str) -> Path:
        return await self._made(request, FACTS, name, make_small)

    async def _tiles(self, request: Request) -> Path:
        layer = _layer_of(request)
        told = f"{layer}.json"
        return await self._made(request, told, told, partial(make_tiles, layer))

    async def _made(
        self, request: Request, last: str, name: str, render: Callable[..., None]
    ) -> Path:
        """A file, made if it is not there; asked for twice at once, it is made once.

        Args:
            request: for which photo.
            last: the file that says that all are made.
            name: the file that is asked for.
            render: makes them.

        Raises:
            Problem: it cannot be made.
        """
        key = _key(request)
        if self._cache.find(key, last) is None:
            if (key, last) not in self._making:
                task = asyncio.ensure_future(self._make(request, key, render))
                self._making[key, last] = task
                task.add_done_callback(lambda done: self._made_once((key, last), done))
            await asyncio.shield(self._making[key, last])
        found = self._cache.find(key, name)
        if found is None:
            raise Problem(404, "there is no such picture")
        return found

    def _made_once(self, what: tuple[str, str], done: asyncio.Future[None]) -> None:
        del self._making[what]
        if not done.cancelled():
            done.exception()  # whoever asked may be gone, and nobody else has to hear of it

    async def _make(self, request: Request, key: str, render: Callable[..., None]) -> None:
        files = await run_in_threadpool(self._files, request)
        try:
            await run_in_threadpool(
                self._cache.make, key, lambda directory: self._run(render, files, directory)
            )
        except MattedError as error:
            raise Problem(404, str(error)) from error
        except Exception as error:  # whatever a library throws at one photo ends here
            self._log.warning(Event.WEB_STUMBLED, path=request.url.path, reason=str(error))
            raise Problem(503, "the picture cannot be made at present") from error

    def _run(self, render: Callable[..., None], files: Files, directory: Path) -> None:
        if not self._pool.active:
            self._pool = _new_pool()
        arguments = (files, directory)
        future: Any = self._pool.schedule(render, args=arguments, timeout=_TIMEOUT_S)
        future.result()

    def _files(self, request: Request) -> Files:
        with self._place.gallery() as gallery:
            entry = entry_of(gallery, request.path_params["photo"])
            shown, _, number = request.path_params["edition"].partition(".")
            if edition(entry) != shown:
                raise Problem(404, "it was filed anew since")
            results = [(one.root, one.name) for one in results_of(gallery, entry)]
            try:
                found = original_of(self._place, gallery, entry)
                original = (found.root, found.name)
            except Problem:
                original = None
        max_pixels = int(self._place.settings.limits.max_megapixels * 1e6)
        folders = self._place.settings.folders
        turns = any(f.turn != "none" for f in folders if str(f.watch) == entry.photo.folder)
        parts = entry.filed.parts if entry.filed else ()
        if not number:
            size = entry.filed.size if entry.filed and not parts else None
            return Files(original, tuple(results), max_pixels, size, turns=turns)
        if not 0 < int(number) <= len(parts):
            raise Problem(404, "there is no such photo in the file")
        part, each = parts[int(number) - 1], len(results) // len(parts)
        own = tuple(results[(int(number) - 1) * each : int(number) * each])
        return Files(original, own, max_pixels, part.size, part.page, part.print, turns)


def _new_pool() -> ProcessPool:
    pool = ProcessPool(
        max_workers=_PROCESSES,
        context=Spawning(),
        initializer=settle_in,
        initargs=(os.getpid(), _MEMORY_BYTES),
    )
    with undisturbed():
        for _ in range(_PROCESSES):  # they are there when somebody looks
            pool.schedule(warm_up)
    return pool


def _key(request: Request) -> str:
    photo, shown = request.path_params["photo"], request.path_params["edition"]
    if not re.fullmatch(r"\d{1,18}", photo, re.ASCII) or not re.fullmatch(
        r"[0-9a-f]{1,16}(\.[0-9]{1,6})?", shown
    ):
        raise Problem(404, "there is no such photo")
    return f"{photo}-{shown}"


def _layer_of(request: Request) -> Layer:
    try:
        return Layer(request.path_params["layer"])
    except ValueError as error:
        raise Problem(404, "there is no such picture") from error


def _file(path: Path) -> Response:
    kind = "image/webp" if path.suffix == ".webp" else "image/jpeg"
    return FileResponse(path, headers=_KEPT, media_type=kind)
