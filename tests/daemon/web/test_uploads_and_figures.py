"""Uploads arrive whole; changes, health and figures are told to whoever may know."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from site_stub import HAIR, Site

from daemon.intake.ignore import PHOTO_EXTENSIONS
from daemon.web.uploads import _ENDINGS


def test_an_upload_arrives_whole_under_its_name_and_replaces_nothing(site: Site) -> None:
    photo = cv2.imencode(".jpg", np.zeros((20, 20, 3), np.uint8))[1].tobytes()
    raw = {"Content-Type": "application/octet-stream"}
    with site.daemon_seems_to_run():
        status, _, _ = site.ask("PUT", "/api/inboxes/inbox/new.jpg", photo, raw)
        assert status == 201
        assert (site.inbox / "new.jpg").read_bytes() == photo
        assert site.ask("PUT", "/api/inboxes/inbox/new.jpg", photo, raw)[0] == 409
        for name, content, expected in (
            ("a.exe", photo, 415),
            ("a.jpg", b"<html>" * 20, 415),
            ("a.jpg", b"", 415),
            (".hidden.jpg", photo, 400),
            ("..%2Fa.jpg", photo, 404),
            ("a%0Ab.jpg", photo, 400),
            ("x" * 300 + ".jpg", photo, 400),
        ):
            assert site.ask("PUT", f"/api/inboxes/inbox/{name}", content, raw)[0] == expected, name
        assert site.ask("PUT", "/api/inboxes/other/a.jpg", photo, raw)[0] == 404
    assert not [path for path in site.inbox.iterdir() if path.name.startswith(".matted")]
    assert not (site.root / "a.jpg").exists()
    status, _, body = site.ask("PUT", "/api/inboxes/inbox/later.jpg", photo, raw)
    assert status == 503, "nobody would see it"
    assert b"does not watch" in body


def test_an_upload_that_breaks_off_leaves_nothing(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    with site.daemon_seems_to_run():
        connection.putrequest("PUT", "/api/inboxes/inbox/half.jpg")
        connection.putheader("Authorization", f"Bearer {site.token}")
        connection.putheader("Content-Type", "application/octet-stream")
        connection.putheader("Content-Length", "100000")
        connection.endheaders(b"\xff\xd8\xff\xe0" + bytes(5000))
        time.sleep(0.3)
        connection.close()
        time.sleep(0.5)
    assert not [
        path for path in site.inbox.iterdir() if "half" in path.name or ".part" in path.name
    ]


def test_a_change_is_told_to_everybody_who_listens(site: Site) -> None:
    photo = site.file("told.png", flags=(HAIR,), pictures=False)
    listeners = [Listener(site) for _ in range(2)]
    for one in listeners:
        assert one.next()[0] == "hello"
    time.sleep(0.7)
    site.post(f"/api/photos/{photo}/decisions", {"decision": "reject"})
    for one in listeners:
        told = one.photos(photo)
        assert told["decided"] == "rejected"
    new = site.file("arrived.png", pictures=False)
    assert listeners[0].photos(new)["name"] == "arrived.png"
    for one in listeners:
        one.close()


class Listener:
    """One open stream of events."""

    def __init__(self, site: Site) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
        self._connection.request(
            "GET", "/api/events", headers={"Authorization": f"Bearer {site.token}"}
        )
        self._response = self._connection.getresponse()
        assert self._response.headers["Content-Type"].startswith("text/event-stream")

    def next(self) -> tuple[str, Any]:
        name = ""
        while True:
            line = self._response.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))

    def photos(self, photo: int) -> dict[str, Any]:
        while True:
            name, document = self.next()
            for one in document.get("photos") or ():
                if name == "photos" and one["id"] == photo:
                    return dict(one)

    def close(self) -> None:
        self._connection.close()


def test_health_is_open_and_figures_are_not(site: Site) -> None:
    status, _, body = site.ask("GET", "/healthz", token=False)
    assert (status, json.loads(body)["condition"]) == (503, "stopped")
    with site.daemon_seems_to_run():
        assert site.ask("GET", "/healthz", token=False)[0] == 200
    assert site.ask("GET", "/metrics", token=False)[0] == 401
    status, _, text = site.ask("GET", "/metrics")
    assert status == 200
    assert b'matted_photos{state="filed"}' in text


def test_figures_are_open_where_the_settings_say_so(tmp_path: Path, site: Site) -> None:
    del site  # skips where there is no page
    one = Site(tmp_path, metrics_open=True)
    try:
        one.start()
        assert one.ask("GET", "/metrics", token=False)[0] == 200
    finally:
        one.close()


def test_what_intake_takes_can_be_uploaded() -> None:
    """The page must not know intake, so that it has a list of its own."""
    rare = {"jif", "pjpeg", "pjp"}
    assert {ending.removeprefix(".") for ending in _ENDINGS} == set(PHOTO_EXTENSIONS) - rare
