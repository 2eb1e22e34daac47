"""Who may: a token in a file, exchanged for a cookie that scripts cannot read.

The cookie says who and until when, signed with the token: a new token ends all sessions. Wrong
tokens are counted, and after some the right one is not taken either for a while.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
import time
from collections import deque
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from daemon.errors import SettingsError
from daemon.machine import private
from daemon.photo import show
from matting.small_file import replace_file

COOKIE = "matted_session"
LASTS_S = 30 * 86_400
_WRONG, _WITHIN_S = 10, 60.0
_MOST_PEERS = 1000
_LONGEST_NAME = 40
_ANYBODY = "somebody"


class WrongToken(Exception):
    """It is not the token."""


class TooManyWrong(Exception):
    """Too many wrong ones came from there; ``args[0]`` is for how many seconds none is taken."""


def token_of(path: Path) -> str:
    """The token in a file, which is made if it is missing.

    Raises:
        SettingsError: it cannot be read or made, or others can read it.
    """
    try:
        if not path.exists():
            private.make_directory(path.parent)
            replace_file(path, f"{secrets.token_urlsafe(32)}\n".encode(), opener=private.opener)
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            token = file.read(4096).decode("ascii", "replace").strip()
    except OSError as error:
        raise SettingsError("web", (f"token_file {path}: {error.strerror}",)) from error
    if stat.S_IMODE(mode) & 0o077:
        fault = f"token_file {path} can be read by others; chmod 600"
        raise SettingsError("web", (fault,))
    if len(token) < 16:
        raise SettingsError("web", (f"token_file {path} should hold 16 characters at least",))
    return token


class Access:
    """Tells who asks."""

    def __init__(self, token: str, now_s: Callable[[], float] = time.time) -> None:
        self._token = token.encode()
        self._key = hashlib.sha256(b"matted session\0" + self._token).digest()
        self._now_s = now_s
        self._wrong: dict[str, deque[float]] = {}

    def open_session(self, token: str, name: str, peer: str) -> str:
        """A cookie's value for whoever has the token.

        Args:
            token: as it was given.
            name: how they want to be called; shown with what they decide.
            peer: where they are.

        Raises:
            WrongToken: it is not the token.
            TooManyWrong: it was not even compared.
        """
        self._demand(token, peer)
        facts = {"who": show(name.strip()[:_LONGEST_NAME]), "until": self._now_s() + LASTS_S}
        told = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()
        return f"{told}.{self._signature(told)}"

    def who(self, cookies: str, authorization: str, peer: str) -> str | None:
        """Who asks, by cookie or bearer token; None: nobody that is known.

        Args:
            cookies: the header of that name.
            authorization: likewise.
            peer: where they are.

        Raises:
            WrongToken: the bearer token is not the token.
            TooManyWrong: it was not even compared.
        """
        if authorization:
            kind, _, token = authorization.partition(" ")
            if kind.lower() != "bearer":
                raise WrongToken
            self._demand(token.strip(), peer)
            return "api"
        try:
            morsel = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return None
        return None if morsel is None else self._session(morsel.value)

    def _session(self, value: str) -> str | None:
        told, _, signature = value.partition(".")
        if not hmac.compare_digest(self._signature(told).encode(), signature.encode()):
            return None
        facts = json.loads(base64.urlsafe_b64decode(told))
        return (facts["who"] or _ANYBODY) if facts["until"] > self._now_s() else None

    def _signature(self, told: str) -> str:
        return hmac.new(self._key, told.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _demand(self, token: str, peer: str) -> None:
        now_s = self._now_s()
        wrong = self._wrong.get(peer, deque())
        while wrong and wrong[0] <= now_s - _WITHIN_S:
            wrong.popleft()
        if len(wrong) >= _WRONG:
            raise TooManyWrong(int(wrong[0] + _WITHIN_S - now_s) + 1)
        if hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            self._wrong.pop(peer, None)
            return
        wrong.append(now_s)
        if peer not in self._wrong and len(self._wrong) >= _MOST_PEERS:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong[peer] = wrong
        raise WrongToken
