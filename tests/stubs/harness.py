"""The real daemon in a process of its own, and what it says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

Fact = dict[str, Any]
STUBS = Path(__file__).parent
WITHIN_S = 60


class Daemon:
    """A daemon, its folders and its log."""

    within_s: float = WITHIN_S

    def __init__(self, root: Path, folder: Fact, settings: Fact, engine: Fact) -> None:
        self.root = root
        self.inbox = root / "inbox"
        self.results = root / "results"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.engine = engine
        self.facts: list[Fact] = []
        self._changed = threading.Condition()
        self.configure(folder, settings)
        self.child: subprocess.Popen[str] | None = None

    @property
    def config(self) -> Path:
        return self.root / "matted.yaml"

    def configure(self, folder: Fact, settings: Fact) -> None:
        one = {"watch": "inbox", "results": "results", "settle_s": 0.3, "scan_s": 0.5, **folder}
        plain = {"preprocess": [], "outputs": ["matte"]}
        whole = {
            "state_dir": "state",
            "workers": 1,
            "folders": [{"profile": "plain", **one}],
            "profiles": {"plain": plain},
        }
        self.config.write_text(yaml.safe_dump(whole | settings))

    @property
    def command(self) -> list[str]:
        program = [sys.executable, str(STUBS / "run_daemon.py"), str(self.config)]
        return [*program, json.dumps(self.engine)]

    def start(self, *, prefix: tuple[str, ...] = ()) -> None:
        self.child = subprocess.Popen(
            [*prefix, *self.command],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self.child.stderr,), daemon=True).start()
        self.await_("service.ready")

    def _listen(self, lines: Any) -> None:
        with lines:
            for line in lines:
                self._hear(line)

    def _hear(self, line: str) -> None:
        with self._changed:
            fact = json.loads(line) if line.startswith("{") else {"event": "text", "t": line}
            self.facts.append(fact)
            self._changed.notify_all()

    def said(self, event: str, **wanted: Any) -> list[Fact]:
        return [fact for fact in list(self.facts) if is_of(fact, event, wanted)]

    def await_(self, event: str, *, count: int = 1, **wanted: Any) -> Fact:
        found: list[Fact] = []
        looked_at = 0

        def enough() -> bool:
            """Looks at what is new alone: 20,000 facts at each of 20,000 would slow the daemon."""
            nonlocal looked_at
            found.extend(fact for fact in self.facts[looked_at:] if is_of(fact, event, wanted))
            looked_at = len(self.facts)
            return len(found) >= count

        with self._changed:
            there = self._changed.wait_for(enough, self.within_s)
        assert there, f"no {count} {event} {wanted} but\n" + "\n".join(map(str, self.facts))
        return found[count - 1]

    def stop(self) -> int:
        assert self.child is not None
        self.child.terminate()
        try:
            return self.child.wait(40)
        except subprocess.TimeoutExpired:
            self.child.send_signal(signal.SIGUSR2)
            time.sleep(1)
            stacks = "\n".join(fact["t"] for fact in self.said("text"))
            raise AssertionError(f"it does not stop:\n{stacks}") from None

    def kill(self) -> None:
        """As a power cut would: daemon, photo processes and engine at once."""
        assert self.child is not None
        for pid in family(self.child.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.child.wait(10)

    def mattes(self) -> list[str]:
        """Published files, less quarantine."""
        found = []
        for above, folders, names in os.walk(self.results):  # bears what vanishes meanwhile
            if Path(above) == self.results:
                folders[:] = [name for name in folders if name not in {"failed", ".matted-staging"}]
            found += [os.path.relpath(os.path.join(above, name), self.results) for name in names]
        return sorted(found)

    def reports(self) -> list[Fact]:
        return [json.loads(p.read_text()) for p in sorted(self.results.glob("failed/*.json"))]


def is_of(fact: Fact, event: str, wanted: Fact) -> bool:
    return fact["event"] == event and all(fact.get(k) == v for k, v in wanted.items())


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        children.setdefault(int(rest.split()[1]), []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def host_threads() -> list[str]:
    """Threads of engines' hosts in this process."""
    return [each.name for each in threading.enumerate() if each.name == "engine-host"]


def write_photo(path: Path, red: int = 200, size: tuple[int, int] = (64, 48)) -> Path:
    """A photo whose red channel, which the stub engine returns as alpha, is ``red``."""
    pixels = np.full((size[1], size[0], 3), (30, 60, red), np.uint8)
    pixels[::7, ::5, :2] = 90
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = cv2.imencode(path.suffix, pixels)[1]
    path.write_bytes(encoded.tobytes())
    return path


def wait_until(true: Callable[[], bool], within_s: float = 20, *, every_s: float = 0.05) -> None:
    until_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until_s, "it never came true"
        time.sleep(every_s)
