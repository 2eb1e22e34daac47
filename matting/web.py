"""What is fetched from the web, photos and models alike: which addresses, how, and how it is told.

An address may hold secrets: a password before the host, a signature in the query. Whatever is said
of it goes through ``shown`` or ``told``.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Mapping
from functools import partial
from typing import Any, Self
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from matting.errors import one_line

_SCHEMES = ("http://", "https://")
# What may stand in an address as it is; a percent sign has been quoted already.
_SAFE = "/%:=&?~+!$,;'@()*[]"
_LONGEST_LINE = 300
_MOST_TOLD = 1 << 16
"""Secrets are looked for in this much of it, before it is cut."""
_HIDDEN = "..."


class NotFollowed(Exception):
    """A server sends us on to where nothing is had from; ``str()`` is one line for people."""


def is_address(text: str) -> bool:
    """Whether this is an address to fetch rather than a path."""
    return text.lower().startswith(_SCHEMES)


def shown(address: str) -> str:
    """An address without what may be secret in it: a query with a signature, a password."""
    try:
        parts = urlsplit(address)
    except ValueError:
        scheme, slashes, rest = address.partition("?")[0].partition("://")
        return one_line(scheme + slashes + rest.rpartition("@")[2], _LONGEST_LINE)
    host = parts.netloc.rpartition("@")[2]
    return one_line(urlunsplit(parts._replace(netloc=host, query="", fragment="")), _LONGEST_LINE)


def told(reason: object, address: str) -> str:
    """What a server or a library says of an address, on one line and without its secrets."""
    text = one_line(reason, longest=_MOST_TOLD)
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text[:_LONGEST_LINE]


def request(address: str, headers: Mapping[str, str]) -> urllib.request.Request:
    """What to ask a server for; blanks and umlauts may stand in the address as they are.

    A name and password before the host are sent as HTTP wants them, to that host alone.

    Raises:
        ValueError: it is no address.
    """
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    sent = parts._replace(
        netloc=host, path=quoted(parts.path), query=quoted(parts.query), fragment=""
    )
    made = urllib.request.Request(urlunsplit(sent), headers=dict(headers))  # noqa: S310 - the opener knows http and https only
    if at:
        token = base64.b64encode(_login(user)).decode()
        made.add_unredirected_header("Authorization", f"Basic {token}")
    return made


def quoted(text: str) -> str:
    """Part of an address as it has to be sent."""
    return quote(text, safe=_SAFE, errors="surrogateescape")


def opener(deadline: Deadline | None = None) -> urllib.request.OpenerDirector:
    """What opens a ``request``: http and https only, through redirects too.

    Its ``open`` raises NotFollowed besides what urllib raises.

    Args:
        deadline: ends the connections, if they last longer.
    """
    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Http(deadline),
        _Https(deadline),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        made.add_handler(handler)
    return made


class Deadline:
    """Cuts connections off after so long, in a ``with`` block.

    A timeout on the socket is not enough: each byte renews it, so that a server which sends one a
    minute would be listened to for years.
    """

    def __init__(self, seconds: float) -> None:
        """Prepare it; the time runs from the ``with`` on.

        Args:
            seconds: how long it may all take.
        """
        self.seconds = seconds
        self.passed = False
        """Whether it was too long."""
        self._sockets: list[Any] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def watch(self, connected: Any) -> None:
        """Cut this socket off too."""
        with self._lock:
            self._sockets.append(connected)
            late = self.passed
        if late:
            _shut(connected)

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            doomed = tuple(self._sockets)
        for one in doomed:
            _shut(one)


def _shut(connected: Any) -> None:
    """End what another thread reads from; it finds the end of the stream."""
    with contextlib.suppress(OSError):  # it may have ended by itself
        connected.shutdown(socket.SHUT_RDWR)


class _Connecting:
    """A connection whose socket is watched from its first moment, before TLS and proxies talk."""

    def __init__(self, *args: Any, deadline: Deadline | None, **options: Any) -> None:
        super().__init__(*args, **options)
        # Where http.client itself gets its sockets from; its public methods come too late.
        connect: Any = self.__dict__["_create_connection"]

        def watched(*address: Any, **more: Any) -> Any:
            made = connect(*address, **more)
            if deadline is not None:
                deadline.watch(made.dup())
            return made

        self._create_connection = watched


class _HttpConnection(_Connecting, http.client.HTTPConnection):
    pass


class _HttpsConnection(_Connecting, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def __init__(self, deadline: Deadline | None) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, req: urllib.request.Request) -> Any:
        """As urllib's."""
        connection: Any = partial(_HttpConnection, deadline=self._deadline)
        return self.do_open(connection, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, deadline: Deadline | None) -> None:
        super().__init__()
        self._deadline = deadline

    def https_open(self, req: urllib.request.Request) -> Any:
        """As urllib's."""
        connection: Any = partial(_HttpsConnection, deadline=self._deadline)
        return self.do_open(connection, req, context=ssl.create_default_context())


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows as urllib does, but never from https to what anybody on the way may change."""

    def http_error_302(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any
    ) -> Any:
        """Follow, or not.

        Raises:
            NotFollowed: it leads where nothing is had from.
        """
        leads_to = headers.get("Location") or headers.get("URI")
        if leads_to is not None:
            _demand_followed(req.full_url, urljoin(req.full_url, leads_to), fp)
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _demand_followed(address: str, leads_to: str, reply: Any) -> None:
    secure = address.lower().startswith("https://")
    if not is_address(leads_to) or (secure and not leads_to.lower().startswith("https://")):
        reply.close()
        raise NotFollowed(f"{shown(address)} leads to {shown(leads_to)}, which is not followed")


def _login(user: str) -> bytes:
    name, colon, password = user.partition(":")
    return (unquote(name) + (colon or ":") + unquote(password)).encode("utf-8", "surrogateescape")


def _secrets(address: str) -> set[str]:
    """What must not be repeated of an address, as it was given and as it was sent."""
    try:
        parts = urlsplit(address)
    except ValueError:
        rest = address.partition("://")[2]
        parts = SplitResult("", rest.partition("/")[0], "", rest.partition("?")[2], "")
    user = parts.netloc.rpartition("@")[0]
    found = {user, user.partition(":")[2], parts.query, parts.fragment}
    return {one for text in found for one in (text, quoted(text), unquote(text)) if one}
