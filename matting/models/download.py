"""One large file from an http or https address, however often the connection breaks off.

What has arrived stays for the next try, and is only gone on with if the server says that the file
is still the same (RFC 9110: Range with If-Range). What a server says of a size is not believed:
the caller checks the content.
"""

from __future__ import annotations

import re
import ssl
import time
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from matting.backoff import Backoff
from matting.errors import one_line
from matting.models.adoption import demand_room
from matting.models.errors import ModelError, NotHad
from matting.models.part import Origin, Part, megabytes
from matting.web import NotFollowed, opener, request, shown, told

MAX_BYTES = 2 << 30
"""Protobuf, in which all these networks are written, ends here."""
_CHUNK_BYTES = 1 << 18
_PASSING = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to know how far it is."""

    tell: Callable[[str], None] = lambda _: None
    """Takes a line about each step."""
    progress: Callable[[int, int | None], None] = lambda *_: None
    """Takes the bytes that are there, and how many there will be, if that is known."""


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """When to give up."""

    timeout_s: float = 60.0
    """The longest time for which a server may send nothing."""
    tries: int = 5
    """In a row, without a new byte."""


class _Again(Exception):
    """This try failed; another may not."""


def download(
    address: str, folder: Path, watch: Listener, patience: RetryLimits | None = None
) -> Path:
    """Download a file, or the rest of it.

    Args:
        address: http or https.
        folder: where to; what an earlier try left is found there by the address.
        watch: is told how far it is.
        patience: when to give up.

    Returns:
        The file: as long as the server said, and not checked otherwise.

    Raises:
        NotHad: it cannot be had now; what has arrived stays.
        ModelError: what the server has is no model, or there is no room for it.
    """
    return _Download(address, folder, watch, patience or RetryLimits()).run()


class _Download:
    def __init__(self, address: str, folder: Path, watch: Listener, patience: RetryLimits) -> None:
        self._address = address
        self._part = Part(address, folder)
        self._watch = watch
        self._patience = patience
        self._opener = opener()

    def run(self) -> Path:
        backoff, failures, most = Backoff(), 0, self._part.have()
        while True:
            try:
                self._try()
            except _Again as error:
                if self._part.have() > most:
                    most, failures = self._part.have(), 0
                    backoff.reset()
                failures += 1
                if failures >= self._patience.tries:
                    raise NotHad(f"{shown(self._address)}: {error}") from error
                delay_s = backoff.next()
                self._watch.tell(f"{error}; once more in {delay_s:g} s")
                time.sleep(delay_s)
            else:
                return self._part.path

    def _try(self) -> None:
        known, have = self._part.known(), self._part.have()
        if known is None:
            self._part.discard()
            have = 0
        reply = self._open(_conditions(known, have) if known else {})
        if reply is None:
            return
        with reply:
            start = self._start(reply, have)
            total = _total(reply, start)
            if start:
                self._watch.tell(f"going on after {megabytes(start)}")
            else:
                self._begin(reply, total)
            self._demand_fit(total, start)
            self._receive(reply, start, total)

    def _open(self, conditions: dict[str, str]) -> Any:
        """Ask for the file.

        Returns:
            The reply; None if the file has not changed since all of it arrived.

        Raises:
            _Again, NotHad.
        """
        headers = {"User-Agent": "matted", "Accept-Encoding": "identity", **conditions}
        try:
            asked = request(self._address, headers)
            return self._opener.open(asked, timeout=self._patience.timeout_s)
        except NotFollowed as error:
            raise NotHad(str(error)) from error
        except urllib.error.HTTPError as error:
            error.close()  # it is the reply too
            return self._refused(error)
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise NotHad(f"{shown(self._address)}: {self._on_one_line(reason)}") from error
            raise _Again(f"the server cannot be reached: {self._on_one_line(reason)}") from error
        except ValueError as error:
            raise NotHad(
                f"{shown(self._address)} is no address: {self._on_one_line(error)}"
            ) from error

    def _refused(self, error: urllib.error.HTTPError) -> None:
        if error.code == 304:
            self._watch.tell("all of it is here already")
            return
        answer = f"the server answers {error.code} {self._on_one_line(error.reason)}"
        if error.code == 416:
            self._part.discard()
        elif error.code not in _PASSING:
            raise NotHad(f"{shown(self._address)}: {answer}") from error
        raise _Again(answer) from error

    def _on_one_line(self, reason: object) -> str:
        return told(reason, self._address)

    def _start(self, reply: Any, have: int) -> int:
        """Where in the file the reply begins: at what we have, or at its own beginning."""
        if reply.status != 206:
            return 0
        match = re.match(r"bytes (\d+)-", reply.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != have:
            self._part.discard()
            raise _Again("the server sends another part of the file than it was asked for")
        return have

    def _begin(self, reply: Any, total: int | None) -> None:
        """Start anew. What is known of the file is written first, or a part had no origin."""
        if reply.headers.get_content_type() == "text/html":
            raise ModelError(f"{shown(self._address)} is a web page, not a model")
        self._part.discard()
        self._part.remember(reply.headers.get("ETag"), reply.headers.get("Last-Modified"), total)

    def _demand_fit(self, total: int | None, start: int) -> None:
        if total is not None:
            if total > MAX_BYTES:
                raise ModelError(
                    f"{shown(self._address)} has {megabytes(total)}, which no model has"
                )
            demand_room(self._part.folder, total - start)

    def _receive(self, reply: Any, start: int, total: int | None) -> None:
        have = start
        with self._part.appending() as file:
            while total is None or have < total:
                # No more than is left: Python 3.11 lets a server send more than it announced.
                data = _read(
                    reply, _CHUNK_BYTES if total is None else min(_CHUNK_BYTES, total - have)
                )
                if not data:
                    break
                file.write(data)
                have += len(data)
                if have > MAX_BYTES:
                    raise ModelError(f"{shown(self._address)} does not end")
                self._watch.progress(have, total)
        if total is None:
            self._part.remember(reply.headers.get("ETag"), reply.headers.get("Last-Modified"), have)
        elif have < total:
            raise _Again(f"the connection broke off after {megabytes(have)} of {megabytes(total)}")


def _conditions(known: Origin, have: int) -> dict[str, str]:
    """Ask for the rest, or whether the whole that is here is still the same."""
    if have == known.total:
        if known.etag:
            return {"If-None-Match": known.etag}
        return {"If-Modified-Since": known.modified or ""}
    if not have:
        return {}
    return {"Range": f"bytes={have}-", "If-Range": known.etag or known.modified or ""}


def _total(reply: Any, start: int) -> int | None:
    """The whole file's size as the server has it; None if it does not say."""
    announced = re.search(r"/(\d+)$", reply.headers.get("Content-Range", "")) if start else None
    if announced:
        return int(announced[1])
    length = reply.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


def _read(reply: Any, count: int) -> bytes:
    try:
        data: bytes = reply.read1(count)
    except (OSError, HTTPException, ValueError) as error:
        raise _Again(f"the connection broke off: {one_line(error)}") from error
    return data
