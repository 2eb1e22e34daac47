"""Addresses of files: which are followed, and how they are told."""

from __future__ import annotations

import urllib.request
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from matting.models.errors import NotHad

# What may stand in an address as it is; a percent sign has been quoted already.
_SAFE = "/%:=&?~+!$,;'@()*[]#"


def is_address(text: str) -> bool:
    """Whether this is an address rather than a path."""
    return text.lower().startswith(("http://", "https://"))


def shown(address: str) -> str:
    """An address without what may be secret in it: a query with a signature, a password."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return line(address.partition("?")[0])
    host = parts.netloc.rpartition("@")[2]
    return line(urlunsplit(parts._replace(netloc=host, query="", fragment="")))


def quoted(address: str) -> str:
    """As it has to be sent; blanks and umlauts may stand in it as they are."""
    return quote(address, safe=_SAFE, errors="surrogateescape")


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows as urllib does, but never from https to what anybody on the way may change."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        """The next request.

        Raises:
            NotHad: it leads where no model is had from.
        """
        secure = req.full_url.lower().startswith("https://")
        if not is_address(newurl) or (secure and not newurl.lower().startswith("https://")):
            fp.close()
            raise NotHad(f"{shown(req.full_url)} leads to {shown(newurl)}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def line(reason: object) -> str:
    """On one line, and nothing in it that a terminal would obey: a stranger may have written it."""
    text = " ".join(str(reason).split())
    return "".join(c if c.isprintable() else "?" for c in text)[:300]
