"""Photos from http and https addresses, for ``matted process`` and scripts."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from daemon.errors import NotReady, SourceTrouble
from daemon.photo import show

_TIMEOUT_S = 60
_SCHEMES = ("http", "https")
# What may stand in an address as it is; a percent sign has been quoted already.
_SAFE = "/%:=&?~+!$,;'@()*[]"
_LONGEST_NAME_BYTES = 200


def is_address(text: str) -> bool:
    """Whether this is an address to fetch rather than a path."""
    return text.lower().startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


def fetch(address: str, folder: Path, *, timeout_s: float = _TIMEOUT_S) -> Path:
    """Download one photo.

    Args:
        address: http or https; blanks and umlauts in it may stand as they are.
        folder: where to; an existing file is not overwritten.
        timeout_s: so long the server may say nothing at all. However slowly it sends, it may.

    Returns:
        The file, named as the last part of the address.

    Raises:
        SourceTrouble: it cannot be had.
        NotReady: the connection broke off; no part of a photo is left behind.
    """
    try:
        parts = urlsplit(address)
        target = folder / _name(parts.path)
        quoted = parts._replace(path=_quoted(parts.path), query=_quoted(parts.query), fragment="")
        request = urllib.request.Request(urlunsplit(quoted), headers={"User-Agent": "matted"})  # noqa: S310 - is_address is asked first
        with urllib.request.urlopen(request, timeout=timeout_s) as reply:  # noqa: S310 - as above
            _save(reply, target, reply.headers.get("Content-Length"))
    except urllib.error.HTTPError as error:
        error.close()  # it is the reply too
        reason = f"the server answers {error.code} {_line(error.reason)}"
        raise SourceTrouble(reason, error.code) from error
    except (OSError, ValueError, HTTPException) as error:
        reason = _line(getattr(error, "reason", None) or error)
        number = getattr(error, "errno", 0) or 0
        raise SourceTrouble(f"cannot be fetched: {reason}", number) from error
    return target


def _name(path: str) -> str:
    """The last part of the path; it must not lead out of the folder, nor be too long for it."""
    name = os.path.basename(unquote(path)).replace("\0", "")
    if name in {"", ".", ".."}:
        return "photo"
    return os.fsdecode(os.fsencode(name)[-_LONGEST_NAME_BYTES:])


def _line(reason: object) -> str:
    """On one line, and nothing in it that a terminal would obey: a stranger may have written it."""
    return show(" ".join(str(reason).split()))


def _quoted(text: str) -> str:
    return quote(text, safe=_SAFE, errors="surrogateescape")


def _save(reply: Any, target: Path, announced: str | None) -> None:
    """Write all of the reply, or nothing."""
    with target.open("xb") as file:
        try:
            shutil.copyfileobj(reply, file)
            _demand_whole(announced, file.tell())
        except IncompleteRead as error:
            target.unlink()
            raise NotReady(f"the connection broke off: {error}") from error
        except BaseException:
            target.unlink()
            raise


def _demand_whole(announced: str | None, got: int) -> None:
    if announced is not None and int(announced) != got:
        raise NotReady(f"the connection broke off after {got} of {announced} bytes")
