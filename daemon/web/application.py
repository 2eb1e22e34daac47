"""The page and its API as one application: which address is whose.

docs/openapi.yaml describes every route below /api; a test compares the two.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from daemon.errors import LedgerTrouble
from daemon.log.events import Log
from daemon.web.access import COOKIE, LASTS_S, Access, TooManyWrong, WrongToken
from daemon.web.answers import Problem, answer, document, problem, text_of
from daemon.web.deciding import Deciding
from daemon.web.files import Files
from daemon.web.guard import Guard
from daemon.web.health import Health
from daemon.web.mattes import Mattes
from daemon.web.news import News, daemon_news
from daemon.web.photos import Photos
from daemon.web.pictures import Pictures
from daemon.web.place import Place
from daemon.web.uploads import Uploads

STATIC = Path(__file__).with_name("static")
VIEWER = STATIC / "vendor" / "openseadragon" / "openseadragon.min.js"
_PICTURES = "/api/photos/{photo}/pictures/{edition}"
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")


def application(place: Place, token: str, log: Log) -> ASGIApp:
    """The whole, guarded."""
    access = Access(token)
    health, news, pictures = Health(place, log), News(place), Pictures(place, log)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await news.close()
        pictures.close()
        health.close()

    app = Starlette(
        routes=routes(place, access, health, news, pictures, log),
        lifespan=lifespan,
        exception_handlers={404: _absent, 405: _wrong_method, Problem: _told, LedgerTrouble: _busy},
    )
    app.router.redirect_slashes = False
    return Guard(
        app,
        access,
        log,
        hosts={*_OWN_NAMES, place.web.listen, *place.web.hosts},
        upload_bytes=int(place.web.upload_mb * (1 << 20)),
        metrics_open=place.web.metrics_open,
    )


def routes(
    place: Place, access: Access, health: Health, news: News, pictures: Pictures, log: Log
) -> list[Route | Mount]:
    """All addresses."""
    photos, files, deciding = Photos(place), Files(place), Deciding(place)
    uploads, mattes, session = Uploads(place, log), Mattes(place), Session(place, access)
    return [
        Route("/", _page),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/healthz", health.healthz),
        Route("/metrics", health.metrics),
        Route("/api/session", session.get, methods=["GET"]),
        Route("/api/session", session.post, methods=["POST"]),
        Route("/api/session", session.delete, methods=["DELETE"]),
        Route("/api/photos", photos.list),
        Route("/api/photos/{photo}", photos.one),
        Route("/api/photos/{photo}/files/{number}", files.result),
        Route("/api/photos/{photo}/original", files.original),
        Route("/api/photos/{photo}/decisions", deciding.decide, methods=["POST"]),
        Route("/api/photos/{photo}/redo", deciding.redo, methods=["POST"]),
        Route(_PICTURES, pictures.facts),
        Route(f"{_PICTURES}/small/{{name}}", pictures.small),
        Route(f"{_PICTURES}/{{layer}}", pictures.layer),
        Route(f"{_PICTURES}/{{layer}}/{{tile:path}}", pictures.tile),
        Route("/api/inboxes", uploads.list),
        Route("/api/inboxes/{inbox}/{name}", uploads.put, methods=["PUT"]),
        Route("/api/matte", mattes.post, methods=["POST"]),
        Route("/api/events", news.stream),
    ]


class Session:
    """The answers of /api/session."""

    def __init__(self, place: Place, access: Access) -> None:
        self._place = place
        self._access = access

    def get(self, request: Request) -> Response:
        """Who one is, and what there is to choose from."""
        if request.scope["who"] is None:
            return answer({"who": None})
        return answer(
            {
                "who": request.scope["who"],
                "profiles": self._place.profiles,
                "inboxes": list(self._place.inboxes) if self._place.web.upload else [],
                "upload_mb": self._place.web.upload_mb,
                "daemon": daemon_news(self._place),
            }
        )

    async def post(self, request: Request) -> Response:
        """The token, for a cookie that scripts cannot read."""
        given = await document(request)
        token, name = text_of(given, "token"), text_of(given, "name") or ""
        peer = request.client.host if request.client else "local"
        try:
            cookie = self._access.open_session(token or "", name, peer)
        except WrongToken as error:
            raise Problem(401, "this is not the token") from error
        except TooManyWrong as error:
            raise Problem(429, "too many wrong tokens", Retry_After=str(error.args[0])) from error
        response = answer({"who": name})
        secure = (
            request.headers.get("x-forwarded-proto") == "https"
        )  # what stands before us says so
        response.set_cookie(
            COOKIE, cookie, max_age=LASTS_S, httponly=True, samesite="strict", secure=secure
        )
        return response

    def delete(self, _: Request) -> Response:
        """No cookie any more."""
        response = answer({"who": None})
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response


def _page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


def _absent(_: Request, __: Exception) -> Response:
    return problem(Problem(404, "there is nothing of this name"))


def _wrong_method(_: Request, __: Exception) -> Response:
    return problem(Problem(405, "this cannot be done here"))


def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem(error)


def _busy(_: Request, error: Exception) -> Response:
    return problem(Problem(503, str(error)))
