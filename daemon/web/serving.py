"""The server: at an address of the settings, or at the socket that systemd hands over."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import uvicorn

from daemon.config.settings import Settings
from daemon.errors import MattedError, SettingsError
from daemon.ledger.gallery import Gallery
from daemon.log.events import Event, Log
from daemon.web.access import token_of
from daemon.web.application import VIEWER, application
from daemon.web.connections import PromptProtocol
from daemon.web.place import Place

_FIRST_DESCRIPTOR = 3
_MOST_CONNECTIONS = 256
_KEPT_S = 20
_ENDING_S = 3
_HEAD_BYTES = 32 << 10


def prepared(settings: Settings, ledger: Path) -> tuple[Place, str, Path]:
    """Where the page stands, its token, and the token's file.

    Raises:
        SettingsError: the settings want no page, or the token cannot be had.
        LedgerTrouble: the ledger cannot be read.
        MattedError: the page's own files are not installed.
    """
    if settings.web is None:
        told = "has no `web:`, so there is no page; `web: {}` is enough for one"
        raise SettingsError(str(settings.file or "settings"), (told,))
    if not VIEWER.exists():
        raise MattedError(
            f"{VIEWER.name} is not installed, which the page shows photos with;"
            " `make page` fetches it"
        )
    place = Place(settings, ledger)
    with place.gallery() as gallery:
        assert isinstance(gallery, Gallery)
    path = settings.web.token_file or place.own / "token"
    return place, token_of(path), path


def serve(place: Place, token: str, log: Log) -> None:
    """Answer until SIGTERM or Ctrl-C.

    Raises:
        SettingsError: it cannot listen at the address.
    """
    listening = _handed_over() or _bound(place.web.listen, place.web.port)
    config = uvicorn.Config(
        application(place, token, log),
        http=PromptProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEPT_S,
        timeout_graceful_shutdown=_ENDING_S,
        h11_max_incomplete_event_size=_HEAD_BYTES,
    )
    log.info(Event.WEB_STARTED, address=_shown(listening))
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        log.info(Event.WEB_STOPPED)


def _handed_over() -> socket.socket | None:
    """The socket of matted-web.socket; None: systemd hands none over."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # children are handed none
    os.set_inheritable(_FIRST_DESCRIPTOR, False)  # noqa: FBT003 - takes no name
    return socket.socket(fileno=_FIRST_DESCRIPTOR)


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
    except OSError as error:
        told = f"cannot listen at {host} port {port}: {error.strerror or error}"
        raise SettingsError("web", (told,)) from error


def _shown(listening: socket.socket) -> str:
    if listening.family not in {socket.AF_INET, socket.AF_INET6}:
        return str(listening.getsockname())
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
