"""A ledger with filed photos, made without a daemon, and the real page beside it."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from daemon.filed import Filed
from daemon.ledger import Ledger
from daemon.machine.lock import Lock
from daemon.photo import Photo, Sighting, Version
from matting.judgement.flag import Flag

Fact = dict[str, Any]
DAY = date(2026, 3, 1)
HAIR = Flag("hair", 0.5, (20, 10, 24, 16))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Page:
    """`matted web` beside the state of some daemon, and what is asked of it."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port
        self.config = root / "matted.yaml"
        self.child: subprocess.Popen[str] | None = None
        self.log: list[str] = []

    @property
    def token(self) -> str:
        return (self.root / "state" / "web" / "token").read_text().strip()

    def start(self) -> None:
        command = [sys.executable, "-m", "daemon", "web", "--config", str(self.config)]
        self.child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.child.stderr is not None
        line = self.child.stderr.readline()
        assert "web.started" in line, line + self.child.stderr.read()
        threading.Thread(target=self._listen, args=(self.child.stderr,), daemon=True).start()
        until_s = time.monotonic() + 20
        while time.monotonic() < until_s:
            try:
                self.get("/healthz")
            except OSError:
                time.sleep(0.05)
            else:
                return

    def _listen(self, lines: Any) -> None:
        with lines:
            self.log.extend(lines)

    def stop(self) -> None:
        if self.child is not None:
            self.child.terminate()
            self.child.wait(15)
            self.child = None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Fact | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        token: bool = True,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request, as a program makes it."""
        sent = dict(headers or {})
        if token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Any:
        """The JSON of an answer that has to be good."""
        status, _, body = self.ask("GET", path, headers=headers)
        assert status in {200, 503}, (status, body)
        return json.loads(body)

    def post(self, path: str, document: Fact) -> tuple[int, Any]:
        status, _, body = self.ask("POST", path, document)
        return status, json.loads(body)


class Site(Page):
    """An inbox, results and a ledger, as a daemon leaves them; and the page."""

    def __init__(self, root: Path, **web: Any) -> None:
        super().__init__(root, free_port())
        self.inbox, self.results = root / "inbox", root / "results"
        for folder in (self.inbox, self.results, root / "state"):
            folder.mkdir()
        settings = {
            "state_dir": "state",
            "folders": [{"watch": "inbox", "results": "results"}],
            "web": {"port": self.port, **web},
        }
        self.config.write_text(yaml.safe_dump(settings))
        self.ledger = Ledger.open(root / "state" / "ledger.sqlite")

    # What a daemon leaves

    def file(
        self,
        name: str | bytes,
        *,
        flags: tuple[Flag, ...] = (),
        size: tuple[int, int] = (96, 64),
        at_s: float | None = None,
        pictures: bool = True,
    ) -> int:
        """A photo, filed as matte and cut-out."""
        path = os.fsencode(name)
        photo = self.notice(path, size, at_s, pictures=pictures)
        stem = os.path.splitext(path)[0]
        names = tuple(stem + ending for ending in (b"_matte.png", b"_foreground.png"))
        if pictures:
            self._write_results(names, size)
        self.ledger.fix(photo.id, DAY, self.results, names)
        filed = Filed(names, size, "people", "cpu", 1, f"{photo.id:064x}", flags=flags)
        if pictures:
            content = (self.inbox / os.fsdecode(path)).read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            filed = Filed(names, size, "people", "cpu", 1, digest, flags=flags, covered=0.4)
        self.ledger.filed(photo.id, filed, dispose=False, now_s=at_s or time.time())
        return photo.id

    def notice(
        self,
        path: bytes,
        size: tuple[int, int],
        at_s: float | None = None,
        *,
        pictures: bool = True,
    ) -> Photo:
        """A photo that was claimed."""
        now_s = at_s or time.time()
        version = Version(1, abs(hash(path)) % (1 << 60), 10, 5)
        if pictures:
            file = self.inbox / os.fsdecode(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((size[1], size[0], 3), (90, 120, 60), np.uint8)
            cv2.circle(pixels, (size[0] // 2, size[1] // 2), size[1] // 3, (120, 160, 220), -1)
            file.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
            version = Version.of(file.lstat())
        photo = self.ledger.notice(Sighting(str(self.inbox), path, version, 0.0), now_s)
        assert photo is not None
        assert self.ledger.claim(now_s) is not None
        return photo

    def _write_results(self, names: tuple[bytes, ...], size: tuple[int, int]) -> None:
        alpha = np.zeros((size[1], size[0]), np.uint8)
        cv2.circle(alpha, (size[0] // 2, size[1] // 2), size[1] // 3, 255, -1)
        colours = np.full((size[1], size[0], 3), (120, 160, 220), np.uint8)
        for name, picture in zip(names, (alpha, np.dstack([colours, alpha])), strict=True):
            path = self.results / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())

    @contextmanager
    def daemon_seems_to_run(self) -> Iterator[None]:
        """Its lock is held, and it left news of the folder."""
        news = {"folders": {str(self.inbox): {"paused": None}}}
        (self.root / "state" / "status.json").write_text(json.dumps(news))
        with Lock(self.root / "state"):
            yield

    def close(self) -> None:
        self.stop()
        self.ledger.close()
