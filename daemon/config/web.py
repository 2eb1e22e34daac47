"""Settings of the page and its API."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from daemon.config.locations import Location
from daemon.options import Options

_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_MOST_MB = 1 << 24


def _host(name: str) -> str:
    if not _HOST.fullmatch(name):
        raise ValueError("should be a host's name or address, without http:// and without a port")
    return name.lower()


HostName = Annotated[str, AfterValidator(_host)]


class WebSettings(Options):
    """The page and its API."""

    listen: HostName = "127.0.0.1"
    """The address to listen at. Other machines reach none that begins with 127; before you open it
    to them, put something before it that speaks HTTPS."""
    port: int = Field(default=8737, ge=1, le=65535)
    """The port to listen at."""
    hosts: tuple[HostName, ...] = ()
    """Further names and addresses by which browsers may ask for it. Others are refused, so that no
    foreign page can reach it under a name of its own."""
    token_file: Location | None = None
    """A file with the token that opens the page; only matted's user may be able to read it. None is
    one in the state directory, made when it is missing."""
    metrics_open: bool = False
    """Whether /metrics is answered without the token."""
    upload: bool = True
    """Whether photos may be uploaded into watched folders."""
    upload_mb: float = Field(default=500, gt=0, le=_MOST_MB)
    """A photo that is larger is refused."""
    cache_mb: int = Field(default=4096, ge=64, le=_MOST_MB)
    """Room for the pictures that the page shows; the oldest ones make way."""
