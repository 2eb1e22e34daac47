"""A real server is told, can prove who told it, and is told again until it has heard."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import wait_until

from daemon.config.delivery import Webhook
from daemon.delivery import follower, webhooks
from daemon.errors import SettingsError
from daemon.ledger.notices import Kind
from matting.backoff import Waits

SECRET = b"a secret\n"


class Station:
    """The other side; answers with the given codes, then with 204."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []
        station = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                station.heard.append((dict(self.headers.items()), body))
                code = station.answers.pop(0) if station.answers else 204
                self.send_response(code)
                if code in {301, 302, 307}:
                    self.send_header("Location", f"{station.url}/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def photos(self) -> list[int]:
        return [json.loads(body)["photo"] for _, body in self.heard]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def station() -> Iterator[Station]:
    one = Station()
    yield one
    one.close()


@pytest.fixture
def tell(happening, log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(follower, "_AGAIN", Waits(0.1, 300.0))
    running = []

    def tell(webhook: Webhook) -> None:
        for one in webhooks.followers(happening.ledger.path, [webhook], log):
            running.append(one)
            one.start()
        time.sleep(0.3)  # until it has its place among the notices

    yield tell
    for one in running:
        one.stop()


def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return path


def test_what_is_sent_is_signed_with_its_time(station, tell, happening, tmp_path: Path) -> None:
    tell(Webhook(url=station.url, secret_file=secret(tmp_path)))
    happening.file(sha256="ab")
    wait_until(lambda: station.heard)
    headers, body = station.heard[0]
    signed = f"{headers['X-Matted-Timestamp']}.".encode() + body
    right = hmac.new(SECRET.strip(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Matted-Signature"] == f"sha256={right}"
    assert abs(time.time() - int(headers["X-Matted-Timestamp"])) < 60
    assert json.loads(body)["sha256"] == "ab"


def test_it_is_told_again_until_it_has_heard_and_in_order(station, tell, happening, said) -> None:
    station.answers = [503, 500, 429]
    tell(Webhook(url=station.url))
    happening.file()
    happening.file()
    wait_until(lambda: len(station.heard) == 5)
    assert station.photos() == [1, 1, 1, 1, 2]
    assert sum(one["event"] == "delivery.delayed" for one in said) == 3


def test_a_station_that_is_down_is_told_when_it_is_back(tell, happening, said) -> None:
    away = Station()
    away.close()
    tell(Webhook(url=away.url))
    happening.file()
    wait_until(lambda: any(one["event"] == "delivery.delayed" for one in said))
    delayed = next(one for one in said if one["event"] == "delivery.delayed")
    assert "Connection refused" in delayed["reason"]
    back = Station(int(away.url.rpartition(":")[2]))
    wait_until(lambda: back.photos() == [1])
    back.close()


def test_a_station_that_stays_down_is_given_up_in_the_end(tell, happening, said) -> None:
    away = Station()
    away.close()
    tell(Webhook(url=away.url, give_up_s=60))
    happening.file(at_s=time.time() - 120)
    wait_until(lambda: any(one["event"] == "webhook.refused" for one in said))
    assert "given up" in next(one for one in said if one["event"] == "webhook.refused")["reason"]


def test_what_it_refuses_for_good_is_not_sent_for_ever(station, tell, happening, said) -> None:
    station.answers = [404]
    tell(Webhook(url=station.url))
    happening.file()
    happening.file()
    wait_until(lambda: station.photos() == [1, 2])
    refused = next(one for one in said if one["event"] == "webhook.refused")
    assert refused["reason"].endswith("answered 404")


def test_a_redirect_is_not_followed_with_what_was_signed_for_one(
    station, tell, happening, said
) -> None:
    station.answers = [307]
    tell(Webhook(url=station.url))
    happening.file()
    wait_until(lambda: any(one["event"] == "webhook.refused" for one in said))
    assert len(station.heard) == 1


def test_only_what_is_wanted_is_sent(station, tell, happening) -> None:
    tell(Webhook(url=station.url, events=("flagged", "paused")))
    happening.file()
    happening.file(flags=[{"reason": "holes"}])
    happening.tell(Kind.PAUSED, photo=0, folder=None, reason="full")
    wait_until(lambda: len(station.heard) == 2)
    assert [one["X-Matted-Event"] for one, _ in station.heard] == ["flagged", "paused"]


def test_what_an_address_hides_is_told_to_nobody(happening, log, said, monkeypatch) -> None:
    """Neither by the log nor by the ledger, which keeps a position for each."""
    monkeypatch.setattr(follower, "_AGAIN", Waits(0.1, 300.0))
    away = Station()
    away.close()
    hook = Webhook(url=f"{away.url}/hook?token=geheim")
    (one,) = webhooks.followers(happening.ledger.path, [hook], log)
    one.start()
    time.sleep(0.3)
    happening.file()
    wait_until(lambda: any(fact["event"] == "delivery.delayed" for fact in said))
    one.stop()
    assert "geheim" not in str(said)
    assert b"geheim" not in happening.ledger.path.read_bytes()


def test_two_with_one_address_and_other_events_hear_each_of_their_own(
    station, tell, happening
) -> None:
    tell(Webhook(url=station.url, events=("filed",)))
    tell(Webhook(url=station.url, events=("quarantined",)))
    happening.file()
    happening.tell(Kind.QUARANTINED, photo=2)
    wait_until(lambda: len(station.heard) == 2)
    assert {one["X-Matted-Event"] for one, _ in station.heard} == {"filed", "quarantined"}


def test_a_secret_that_anybody_can_read_is_none(tmp_path: Path) -> None:
    open_to_all = secret(tmp_path)
    open_to_all.chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by anybody"):
        webhooks.secret(Webhook(url="http://localhost/", secret_file=open_to_all))
    with pytest.raises(SettingsError, match="No such file"):
        webhooks.secret(Webhook(url="http://localhost/", secret_file=tmp_path / "none"))


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "http://u:p@x/", "http://x:port/", "x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|password"):
        Webhook(url=url)
