"""A picture in, its cut-out back: what other programs' servers do, by the pipeline of this one.

Each is done by `matted process` in a process of its own, one at a time, so that nothing that is
sent here can harm the page or the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import mimetypes
import os
import signal
import sys
import tempfile
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from daemon.config.profiles import BUILT_IN
from daemon.web.answers import Problem
from daemon.web.place import Place

_MOST_WAITING = 4
_TIMEOUT_S = 300.0
_USUAL = "foreground"


class Mattes:
    """The answer of /api/matte."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._one = asyncio.Lock()
        self._waiting = 0

    async def post(self, request: Request) -> Response:
        """Cut the people out of the picture that is the body."""
        profile = request.query_params.get("profile", self._place.settings.folders[0].profile)
        output = request.query_params.get("output", _USUAL)
        self._demand(profile, output)
        if self._waiting >= _MOST_WAITING:
            raise Problem(503, "others are being done; try again later", Retry_After="10")
        self._waiting += 1
        try:
            with tempfile.TemporaryDirectory(prefix="matte-", dir=self._place.own) as made:
                photo = Path(made) / "photo"
                with photo.open("wb") as file:
                    async for chunk in request.stream():
                        await run_in_threadpool(file.write, chunk)
                async with self._one:
                    return await self._done(photo, profile, output)
        finally:
            self._waiting -= 1

    def _demand(self, profile: str, output: str) -> None:
        if profile not in self._place.profiles:
            raise Problem(400, f"there is no such profile; there are {self._place.profiles}")
        settings = self._place.settings
        known = settings.profiles[profile] if profile in settings.profiles else BUILT_IN[profile]
        names = [str(one.options.name) for one in known.outputs]
        if output not in names:
            raise Problem(400, f"the profile {profile} has the outputs {', '.join(names)}")

    async def _done(self, photo: Path, profile: str, output: str) -> Response:
        results = photo.parent / "results"
        words = ["process", str(photo), "-o", str(results), "--profile", profile, "--json"]
        if self._place.settings.file is not None:
            words += ["--config", str(self._place.settings.file)]
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "daemon", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            told, _ = await asyncio.wait_for(child.communicate(), _TIMEOUT_S)
        except TimeoutError as error:
            raise Problem(503, "it took too long") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        return _answer(told, output)


def _answer(told: bytes, output: str) -> Response:
    try:
        result = json.loads(told.splitlines()[0])
    except (IndexError, ValueError) as error:
        raise Problem(503, "no engine can do it at present; see `matted doctor`") from error
    if result["error"]:
        raise Problem(422, result["error"])
    path = Path(result["files"][output])
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    flags = json.dumps([flag["reason"] for flag in result["flags"]])
    headers = {"Cache-Control": "no-store", "X-Matted-Flags": flags}
    return Response(path.read_bytes(), headers=headers, media_type=kind)
