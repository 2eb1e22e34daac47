"""What every request has to pass, and every answer bears.

Host and origin are looked at before anything else; bodies are bounded in size and time, and who
does not read an answer loses it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.log.events import Event, Log
from daemon.web.access import Access, TooManyWrong, WrongToken
from daemon.web.answers import Problem, problem

BODY_BYTES = 4 << 20
"""Of JSON; strokes of a brush are the longest."""
_BODY_S, _STALLED_S = 20.0, 30.0
_SLOWEST_BYTES_S = 32 << 10
"""Of a body: in all it may take as long as it would at this speed."""
_TOLD, _TOLD_S, _MOST_TOLD = {403, 421, 429}, 60.0, 100
"""What the log hears of: once a minute of each address, and of so many addresses at most."""
_SAFE = ("GET", "HEAD")
_OWN = ("same-origin", "none")
_RAW = "application/octet-stream"
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""The hash of nothing: the page has an empty style, so that its viewer adds none of its own."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; img-src 'self' blob:;"
        f" style-src 'self' {_EMPTY_STYLE};"
        " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Stands before the application."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        log: Log,
        *,
        hosts: Collection[str],
        upload_bytes: int,
        metrics_open: bool,
    ) -> None:
        """Guard an application.

        Args:
            app: which finds who asks in ``scope["who"]``.
            access: tells who does.
            log: for what was refused, and for faults of our own.
            hosts: names by which it may be asked, without ports.
            upload_bytes: the most that a raw body may have.
            metrics_open: whether anybody may read the figures.
        """
        self._app = app
        self._access = access
        self._log = log
        self._hosts = frozenset(hosts)
        self._upload_bytes = upload_bytes
        self._told: dict[tuple[str, int], float] = {}
        self._open = {"/", "/healthz", "/api/session", *(["/metrics"] if metrics_open else [])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # a WebSocket is closed by the server
        answering = _Answering(send)
        try:
            most_bytes = self._admit(scope)
            bounded = _Bounded(receive, most_bytes)
            await self._app(scope, bounded, answering)
        except Problem as error:
            await self._refuse(scope, receive, answering, error)
        except (TimeoutError, ConnectionError):
            return  # the other side is gone, or does not read
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody outside is told
            told = {"path": scope["path"], "reason": str(error)}
            self._log.error(Event.WEB_STUMBLED, **told, exc_info=error)
            await self._refuse(scope, receive, answering, Problem(500, "something went wrong here"))

    async def _refuse(
        self, scope: Scope, receive: Receive, answering: _Answering, error: Problem
    ) -> None:
        if error.status in _TOLD:
            self._tell(_peer(scope), error)
        if not answering.begun:
            response = problem(error)
            if error.status in {408, 413}:  # what is still on its way is not read
                response.headers["Connection"] = "close"
            await response(scope, receive, answering)

    def _tell(self, peer: str, error: Problem) -> None:
        """Say that somebody was refused; an attacker must not fill the journal with it."""
        now_s, key = time.monotonic(), (peer, error.status)
        self._told = {one: at_s for one, at_s in self._told.items() if at_s > now_s - _TOLD_S}
        if key not in self._told and len(self._told) < _MOST_TOLD:
            self._told[key] = now_s
            self._log.warning(Event.WEB_REFUSED, peer=peer, reason=error.told)

    def _admit(self, scope: Scope) -> int:
        """How much the body may have.

        Raises:
            Problem: it is not let in.
        """
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        self._demand_host(headers)
        scope["who"] = self._who(headers, scope)
        if scope["who"] is None and path not in self._open and not path.startswith("/static/"):
            raise Problem(401, "the token is needed")
        raw = headers.get("content-type", "").partition(";")[0].strip().lower() == _RAW
        if method not in _SAFE:
            _demand_own_page(headers)
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json" and not raw:
                raise Problem(415, f"the body should be application/json, or {_RAW}")
        most = self._upload_bytes if raw else BODY_BYTES
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            raise Problem(413, f"more than {most >> 20} MB")
        return most

    def _demand_host(self, headers: Headers) -> None:
        """Any page may have its own name lead here (DNS rebinding), but not ask by ours."""
        named = headers.getlist("host")
        try:
            host = urlsplit(f"//{named[0]}").hostname if len(named) == 1 else None
        except ValueError:
            host = None
        if host not in self._hosts:
            raise Problem(421, "it is not known by this name; `hosts:` of `web:` says by which")

    def _who(self, headers: Headers, scope: Scope) -> str | None:
        try:
            cookies = "; ".join(headers.getlist("cookie"))
            return self._access.who(cookies, headers.get("authorization", ""), _peer(scope))
        except WrongToken as error:
            raise Problem(401, "this is not the token") from error
        except TooManyWrong as error:
            raise Problem(429, "too many wrong tokens", Retry_After=str(error.args[0])) from error


def _demand_own_page(headers: Headers) -> None:
    """Browsers say which page a request comes from; programs do not, and bear the token."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == headers["host"]
    if (site is not None and site not in _OWN) or not same:
        raise Problem(403, "only the page itself may ask this")
    if site is None and origin is None and "authorization" not in headers and "cookie" in headers:
        raise Problem(403, "a browser that does not say which page asks is not served")


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else "local"


class _Bounded:
    """A body that ends in good time, or not at all."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive = receive
        self._left = most_bytes
        self._ended = False
        self._until_s = time.monotonic() + _BODY_S + most_bytes / _SLOWEST_BYTES_S

    async def __call__(self) -> Message:
        if self._ended:
            return await self._receive()  # until the other side goes away
        try:
            left_s = min(_BODY_S, self._until_s - time.monotonic())
            message = await asyncio.wait_for(self._receive(), left_s)
        except TimeoutError as error:
            raise Problem(408, "the body did not come in time") from error
        self._ended = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise Problem(413, "the body is too large")
        return message


class _Answering:
    """An answer with our headers, that waits for no reader for ever."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await asyncio.wait_for(self._send(message), _STALLED_S)
