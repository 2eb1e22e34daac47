"""Photos from http and https addresses, for ``matted process`` and scripts."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

from daemon.errors import NotReady, SourceTrouble

_TIMEOUT_S = 60
_SCHEMES = ("http", "https")


def is_address(text: str) -> bool:
    """Whether this is an address to fetch rather than a path."""
    return urlsplit(text).scheme.lower() in _SCHEMES


def fetch(address: str, folder: Path) -> Path:
    """Download one photo.

    Args:
        address: http or https.
        folder: where to; an existing file is not overwritten.

    Returns:
        The file, named as the last part of the address.

    Raises:
        SourceTrouble: it cannot be had.
        NotReady: the connection broke off; no part of a photo is left behind.
    """
    target = folder / (_name(address) or "photo")
    request = urllib.request.Request(address, headers={"User-Agent": "matted"})  # noqa: S310 - is_address is asked first
    try:
        with (
            urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply,  # noqa: S310 - as above
            target.open("xb") as file,
        ):
            shutil.copyfileobj(reply, file)
            _demand_whole(target, reply.headers.get("Content-Length"), file.tell())
    except urllib.error.HTTPError as error:
        raise SourceTrouble(
            f"the server answers {error.code} {error.reason}", error.code
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceTrouble(
            f"cannot be fetched: {reason}", getattr(error, "errno", 0) or 0
        ) from error
    return target


def _name(address: str) -> str:
    """The last part of the path; it must not lead out of the folder."""
    return os.path.basename(unquote(urlsplit(address).path)).replace("\0", "")


def _demand_whole(target: Path, announced: str | None, got: int) -> None:
    if announced is not None and int(announced) != got:
        target.unlink()
        raise NotReady(f"the connection broke off after {got} of {announced} bytes")
