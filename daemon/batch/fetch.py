"""Photos from http and https addresses, for ``matted process`` and scripts."""

from __future__ import annotations

import os
import re
import urllib.error
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from daemon.errors import NotReady, SourceTrouble
from matting.web import Deadline, NotFollowed, opener, request, told

_CHUNK_BYTES = 1 << 18
_LONGEST_NAME_BYTES = 200
_HEADERS = {"User-Agent": "matted", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one download may take."""

    max_bytes: int = 2048 << 20
    silence_s: float = 60
    """The longest time for which the server may send nothing."""
    total_s: float = 900
    """The longest time for the whole download, however steadily it comes."""


def is_foreign(text: str) -> bool:
    """Whether this is an address of a kind that is not fetched, such as ftp://."""
    kind = re.match(r"([a-z][a-z0-9+.-]+)://", text, re.IGNORECASE)
    return kind is not None and kind[1].lower() not in {"http", "https"}


def fetch(address: str, folder: Path, bounds: Bounds | None = None) -> Path:
    """Download one photo.

    Args:
        address: http or https; blanks and umlauts in it may stand as they are.
        folder: where to; an existing file is not overwritten.
        bounds: what it may take.

    Returns:
        The file, named as the last part of the address.

    Raises:
        SourceTrouble: it cannot be had.
        NotReady: the connection broke off; no part of a photo is left behind.
    """
    bounds = bounds or Bounds()
    with Deadline(bounds.total_s) as deadline:
        try:
            return _fetch(address, folder, bounds, deadline)
        except urllib.error.HTTPError as error:
            error.close()  # it is the reply too
            reason = f"the server answers {error.code} {told(error.reason, address)}"
            raise SourceTrouble(reason, error.code) from error
        except NotFollowed as error:
            raise SourceTrouble(f"cannot be fetched: {error}", 0) from error
        except (OSError, ValueError, HTTPException, NotReady) as error:
            if deadline.passed:
                raise SourceTrouble(_late(bounds), 0) from error
            if isinstance(error, NotReady):
                raise
            reason = told(getattr(error, "reason", None) or error, address)
            number = getattr(error, "errno", 0) or 0
            raise SourceTrouble(f"cannot be fetched: {reason}", number) from error


def _fetch(address: str, folder: Path, bounds: Bounds, deadline: Deadline) -> Path:
    target = folder / _name(urlsplit(address).path)
    with opener(deadline).open(request(address, _HEADERS), timeout=bounds.silence_s) as reply:
        announced = _announced(reply.headers.get("Content-Length"))
        if announced is not None:
            _demand_size(announced, bounds)
        with target.open("xb") as file:
            try:
                _save(reply, file, bounds)
                _demand_in_time(deadline, bounds)
                _demand_whole(announced, file.tell())
            except IncompleteRead as error:
                target.unlink()
                raise NotReady(f"the connection broke off: {error}") from error
            except BaseException:
                target.unlink()
                raise
    return target


def _name(path: str) -> str:
    """The last part of the path; it must not lead out of the folder, nor be too long for it."""
    name = os.path.basename(unquote(path)).replace("\0", "")
    if name in {"", ".", ".."}:
        return "photo"
    return os.fsdecode(os.fsencode(name)[-_LONGEST_NAME_BYTES:])


def _announced(length: str | None) -> int | None:
    return int(length) if length is not None and length.strip().isdecimal() else None


def _save(reply: Any, file: Any, bounds: Bounds) -> None:
    while chunk := reply.read1(_CHUNK_BYTES):
        file.write(chunk)
        _demand_size(file.tell(), bounds)


def _demand_size(size_bytes: int, bounds: Bounds) -> None:
    if size_bytes > bounds.max_bytes:
        limit = f"{bounds.max_bytes / (1 << 20):.4g} MiB"
        raise SourceTrouble(f"has more than {limit} (limits.max_download_mb)", 0)


def _demand_whole(announced: int | None, got: int) -> None:
    if announced is not None and announced != got:
        raise NotReady(f"the connection broke off after {got} of {announced} bytes")


def _demand_in_time(deadline: Deadline, bounds: Bounds) -> None:
    """Where no length was announced, the cut looks like the end."""
    if deadline.passed:
        raise SourceTrouble(_late(bounds), 0)


def _late(bounds: Bounds) -> str:
    return f"was not there within {bounds.total_s:g} s (limits.download_timeout_s)"
