"""A studio's machines as processes of this one: a daemon, its scheduler, and workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from audit import Sent, coded
from harness import STUBS, Daemon, Fact, family
from studio_certificates import Studio

SCHEDULER = [sys.executable, "-m", "daemon", "scheduler", "--config"]
TTL_S = 5
_PEACE_S = 10.0
KEPT = ["sh", "-c", 'while :; do "$@"; sleep 0.2; done', "kept"]
"""What systemd's Restart=always does."""


class Program:
    """A process, and what it says."""

    within_s = 90.0

    def __init__(self, command: list[str], env: Mapping[str, str] | None = None) -> None:
        self.facts: list[Fact] = []
        self._changed = threading.Condition()
        self.child = subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self.child.stderr is not None
        with self.child.stderr as lines:
            for line in lines:
                told = json.loads(line) if line.startswith("{") else {"event": "text", "t": line}
                with self._changed:
                    self.facts.append(told)
                    self._changed.notify_all()

    def said(self, event: str) -> list[Fact]:
        return [fact for fact in list(self.facts) if fact["event"] == event]

    def await_(self, event: str, *, count: int = 1) -> Fact:
        with self._changed:
            there = self._changed.wait_for(lambda: len(self.said(event)) >= count, self.within_s)
        assert there, f"no {count} {event} but\n" + "\n".join(map(str, self.facts))
        return self.said(event)[count - 1]

    def text(self) -> str:
        """All that it said that is no event, once it has ended."""
        self._thread.join(10)
        return "".join(fact["t"] for fact in self.said("text"))

    def kill(self) -> None:
        """At once, with all its processes."""
        for pid in family(self.child.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.child.wait(10)

    def put_away(self) -> None:
        """In peace, so that it can say what of it was covered; else with force."""
        all_of_it = family(self.child.pid)
        self.child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(_PEACE_S)
        for pid in all_of_it:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.child.wait(10)

    def end(self) -> int:
        self.child.terminate()
        try:
            return self.child.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Machines:
    """One daemon with a scheduler, and as many workers as are started."""

    def __init__(
        self,
        root: Path,
        *,
        engine: Fact | None = None,
        folder: Fact | None = None,
        host: str = "127.0.0.1",
        **settings: Any,
    ) -> None:
        self.root = root
        self.engine = engine or {}
        self.address = f"tls://{host}:{free_port()}"
        self.certificates = Studio.made(root / "certificates", now=datetime.now(UTC))
        self.settings = {"limits": {"min_free_mb": 0, "attempts": 50}, **settings}
        self.daemon = Daemon(
            root, folder or {}, {**self.settings, "executor": self._executor()}, self.engine
        )
        self.scheduler: Program | None = None
        self.workers: list[Program] = []
        self._made = 0

    def _executor(self, **more: Any) -> Fact:
        return {
            "name": "dask",
            "address": self.address,
            "certificates": str(self.certificates.own),
            "worker_ttl_s": TTL_S,
            **more,
        }

    def start_scheduler(self, *, wait: bool = True) -> Program:
        made = self.scheduler = Program([*SCHEDULER, str(self.daemon.config)])
        if wait:
            made.await_("scheduler.ready")
        return made

    def start_worker(
        self,
        *,
        fault: str = "well",
        sees: Mapping[str, str] | None = None,
        certificates: Path | None = None,
        prefix: tuple[str, ...] = (),
        kept: bool = False,
        env: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Program:
        """Start one; ``sees`` is where it has what the daemon's settings name."""
        self._made += 1
        config = self.root / f"worker{self._made}" / "matted.yaml"
        config.parent.mkdir()
        executor = self._executor(
            certificates=str(certificates or self.certificates.other), paths=dict(sees or {})
        )
        told = yaml.safe_load(self.daemon.config.read_text())
        for one in told["folders"]:
            one |= {key: str(self.root / one[key]) for key in ("watch", "results")}
        told |= {"state_dir": "state", "workers": 1, "executor": executor, **settings}
        config.write_text(yaml.safe_dump(told))
        command = [sys.executable, str(STUBS / "run_worker.py"), str(config)]
        keeping = KEPT if kept else []
        made = Program([*prefix, *keeping, *command, json.dumps(self.engine), fault], env)
        self.workers.append(made)
        return made

    def start(self, workers: int = 1) -> None:
        """All of them; a photo that is put from here on is worked on."""
        self.start_scheduler()
        for _ in range(workers):
            self.start_worker()
        self.daemon.start()
        self.daemon.await_("worker.joined", count=workers)

    def put(self, count: int, *, first: int = 0, name: str = "") -> list[Sent]:
        """Photos that carry numbers, into the inbox."""
        sent = []
        for number in range(first, first + count):
            content, path = coded(number), f"{name}{number:04}.png"
            (self.daemon.inbox / path).write_bytes(content)
            sent.append(Sent.of(path, content, number))
        return sent

    def charged(self) -> dict[str, int]:
        """How many attempts each photo was charged."""
        ledger = f"{(self.root / 'state' / 'ledger.sqlite').as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(ledger, uri=True)) as db:
            rows = db.execute("SELECT path, attempts FROM photo").fetchall()
        return {os.fsdecode(path): attempts for path, attempts in rows}

    def stop(self) -> None:
        for one in (*self.workers, *((self.scheduler,) if self.scheduler else ())):
            if one.child.poll() is None:
                one.put_away()
        if self.daemon.child is not None and self.daemon.child.poll() is None:
            self.daemon.kill()
