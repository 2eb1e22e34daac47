"""Settings of who works on the photos: this machine, or several."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from daemon.config.locations import Location, demand_path
from daemon.options import Options

SCHEME = "tls://"
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_EXAMPLE = "tls://192.168.1.10:8786"
_HOUR_S = 3600


def scheduler_address(text: str) -> str:
    """A scheduler's address as Dask writes it: scheme, host, port.

    Raises:
        ValueError: it is none, or one that is open to every network; one line.
    """
    scheme, found, rest = text.rpartition("://")
    if found and f"{scheme}://".lower() != SCHEME:
        raise ValueError(f"{scheme}:// is not spoken between machines, only {SCHEME}")
    host, _, port = rest.rpartition(":")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError(f"needs a port from 1 to 65535, as in {_EXAMPLE}")
    return f"{SCHEME}{_host(host)}:{int(port)}"


def _host(host: str) -> str:
    inner = host.removeprefix("[").removesuffix("]")
    try:
        number = ipaddress.ip_address(inner)
    except ValueError:
        if not _HOST.fullmatch(host):
            raise ValueError(f"needs a host's name or address, as in {_EXAMPLE}") from None
        return host.lower()
    if number.is_unspecified:
        raise ValueError(f"{inner} is every network there is; give this machine's own address")
    return str(number) if number.version == 4 else f"[{number}]"


Address = Annotated[str, AfterValidator(scheduler_address)]


def _absolute(paths: Mapping[str, str]) -> dict[str, str]:
    return {_demand_absolute(there): _demand_absolute(here) for there, here in paths.items()}


def _demand_absolute(text: str) -> str:
    demand_path(Path(text))
    if not os.path.isabs(text):
        raise ValueError(f"{text} should be an absolute path")
    # Not resolved: the daemon's is another machine's, and a share may be mounted later.
    return os.path.normpath(text)


SharePaths = Annotated[dict[str, str], AfterValidator(_absolute)]


class ExecutorSettings(Options):
    """Who works on the photos."""

    name: Literal["local", "dask"] = "local"
    """local: photo processes of this machine. dask: `matted worker` on any number of machines, by
    way of `matted scheduler`; docs/cluster.md has the rest."""
    address: Address | None = None
    """Where `matted scheduler` listens and workers join, e.g. tls://192.168.1.10:8786: this
    machine's own address in the studio's network."""
    certificates: Location | None = None
    """The directory with ca.pem, cert.pem and key.pem, as `matted cluster init` makes it, and
    `matted cluster add` for a worker. None is cluster in the state directory."""
    worker_ttl_s: float = Field(default=30, ge=5, le=_HOUR_S)
    """A worker that is silent for so long is lost; its photo goes to another one."""
    paths: SharePaths = Field(default_factory=dict, max_length=64)
    """On a worker: where it has mounted what the daemon's settings name, e.g.
    {/srv/scans: /mnt/studio}. What lies nowhere travels over the network."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.name == "dask" and self.address is None:
            raise ValueError(f"dask needs `address`, where workers join, e.g. {_EXAMPLE}")
        return self
