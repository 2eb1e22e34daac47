"""Addresses that are told what happened, each signed, retried and in order.

The daemon's unit has no network; this runs in a program of its own (`matted webhooks`, and
systemd/matted-webhooks.service), which reads the notices and leaves photos alone.

What is sent is JSON. ``X-Matted-Signature`` is ``sha256=`` and the HMAC-SHA256, in hexadecimal, of
the time in ``X-Matted-Timestamp``, a full stop and the body: with the time in it, what somebody
has recorded is worth nothing later. ``X-Matted-Notice`` names the notice, which may come twice.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import stat
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from daemon.config.delivery import Webhook
from daemon.delivery.follower import Follower
from daemon.errors import MattedError, SettingsError
from daemon.ledger.notices import Kind, Notice
from daemon.log.events import Event, Log, facts
from matting.web import shown, told

_AGENT = "matted"
_PASSING = {408, 425, 429}
"""Of the codes below 500 those that say nothing about what was sent."""
_LONGEST_SECRET_BYTES = 4096
_KINDS = {
    "filed": Kind.FILED,
    "flagged": Kind.FILED,
    "quarantined": Kind.QUARANTINED,
    "paused": Kind.PAUSED,
}


class NotTaken(MattedError):
    """The other side did not take a notice, but may later; ``str()`` is one line for people."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is signed for one address is not for another."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def followers(ledger: Path, webhooks: Sequence[Webhook], log: Log) -> list[Follower]:
    """One for each address.

    Raises:
        SettingsError: a secret cannot be read.
    """
    return [
        Follower(
            ledger,
            f"webhook {shown(one.url)}",
            partial(_deliver, one, secret(one), log),
            kinds=sorted({_KINDS[event] for event in one.events}),
            log=log,
            reader=_reader(one),
        )
        for one in webhooks
    ]


def _reader(webhook: Webhook) -> str:
    """Two may have one address and other events; and an address may hold a password."""
    named = " ".join((webhook.url, *sorted(webhook.events)))
    return f"webhook {hashlib.sha256(named.encode()).hexdigest()[:16]}"


def secret(webhook: Webhook) -> bytes | None:
    """What it is signed with, without the line's end; None if it is not signed.

    Raises:
        SettingsError: the file cannot be read, or anybody can read it.
    """
    if webhook.secret_file is None:
        return None
    try:
        descriptor = os.open(webhook.secret_file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            content = file.read(_LONGEST_SECRET_BYTES).strip() if stat.S_ISREG(mode) else b""
    except OSError as error:
        fault = f"secret_file {webhook.secret_file}: {error.strerror}"
        raise SettingsError("webhooks", (fault,)) from error
    if mode & stat.S_IROTH:
        fault = f"secret_file {webhook.secret_file} can be read by anybody; chmod o-r"
        raise SettingsError("webhooks", (fault,))
    if not content:
        raise SettingsError("webhooks", (f"secret_file {webhook.secret_file} holds nothing",))
    return content


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """See the module."""
    return "sha256=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _deliver(
    webhook: Webhook, key: bytes | None, log: Log, notice: Notice, _: threading.Event
) -> None:
    """Send a notice, as each of the events that it is and that are wanted."""
    happened = [str(notice.kind), *(["flagged"] if notice.document.get("flags") else [])]
    for event in (name for name in happened if name in webhook.events):
        about = {
            "url": shown(webhook.url),
            "notice": notice.id,
            "sent": event,
            **facts(photo=notice.document.get("photo")),
        }
        try:
            _send(webhook, key, event, notice)
        except NotTaken as error:
            if time.time() - notice.at_s < webhook.give_up_s:
                raise
            log.warning(Event.WEBHOOK_REFUSED, **about, reason=f"given up: {error}")
        except _Refused as error:
            log.warning(Event.WEBHOOK_REFUSED, **about, reason=str(error))
        else:
            log.info(Event.WEBHOOK_SENT, **about)


class _Refused(Exception):
    """The other side will not take it later either."""


def _send(webhook: Webhook, key: bytes | None, event: str, notice: Notice) -> None:
    document = {**notice.document, "event": event, "ledger": notice.ledger, "notice": notice.id}
    body = json.dumps(document).encode("ascii")
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "X-Matted-Event": event,
        "X-Matted-Notice": f"{notice.ledger}-{notice.id}",
        "X-Matted-Timestamp": timestamp,
    }
    if key is not None:
        headers["X-Matted-Signature"] = signature(key, timestamp, body)
    request = urllib.request.Request(webhook.url, body, headers, method="POST")  # noqa: S310 - the settings take http and https alone
    try:
        with _opener.open(request, timeout=webhook.timeout_s):
            return
    except urllib.error.HTTPError as error:
        with error:
            reason = f"{shown(webhook.url)} answered {error.code}"
        if error.code >= 500 or error.code in _PASSING:
            raise NotTaken(reason) from error
        raise _Refused(reason) from error
    except (OSError, http.client.HTTPException) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        raise NotTaken(f"{shown(webhook.url)}: {told(why, webhook.url)}") from error
