"""What the real daemon tells systemd, heard on a socket like systemd's own."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Daemon, wait_until, write_photo

Make = Callable[..., Daemon]


class Ear:
    """Listens where NOTIFY_SOCKET points."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(0)
        self._heard: list[dict[str, str]] = []

    @property
    def heard(self) -> list[dict[str, str]]:
        """Every message so far, in order."""
        while True:
            try:
                text = self.socket.recv(65536).decode()
            except BlockingIOError:
                return self._heard
            self._heard.append(dict(line.split("=", 1) for line in text.splitlines()))

    def await_(self, **wanted: str) -> None:
        """Wait until the wanted words appeared in one message."""
        wait_until(
            lambda: any(all(t in m.get(k, "") for k, t in wanted.items()) for m in self.heard)
        )

    def index(self, key: str) -> int:
        return next(i for i, message in enumerate(self.heard) if key in message)

    def count(self, key: str) -> int:
        return sum(key in message for message in self.heard)


@pytest.fixture
def ear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    one = Ear(path)
    yield one
    one.socket.close()


def test_ready_comes_after_the_engine_was_given_its_time(daemon: Make, ear: Ear) -> None:
    one = daemon(engine={"load_s": 1.0})
    one.start()
    assert one.stop() == 0
    before = ear.heard[: ear.index("READY")]
    extended_s = [int(m["EXTEND_TIMEOUT_USEC"]) / 1e6 for m in before if "EXTEND_TIMEOUT_USEC" in m]
    assert extended_s[0] >= 300
    assert not any("WATCHDOG" in message for message in before)
    assert ear.heard[ear.index("READY")]["STATUS"] == "0 waiting, 0 working, 0 filed today"
    assert ear.index("STOPPING") > ear.index("READY")


def test_the_status_line_counts_and_says_what_is_paused(daemon: Make, ear: Ear) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    ear.await_(STATUS="1 filed today")
    one.inbox.rename(one.root / "elsewhere")
    ear.await_(STATUS=f"{one.inbox} paused: ")


def test_a_reload_is_announced_and_a_refused_file_stays_in_the_status(
    daemon: Make, ear: Ear
) -> None:
    one = daemon()
    one.start()
    good = one.config.read_text()
    one.config.write_text(good + "wrokers: 2\nfloders: []\n")
    assert one.child is not None
    one.child.send_signal(signal.SIGHUP)
    refused = one.await_("settings.refused")
    assert len(refused["faults"]) == 2
    ear.await_(STATUS="new settings refused, the old ones hold: ")
    reloading = ear.index("RELOADING")
    assert "MONOTONIC_USEC" in ear.heard[reloading]
    assert any("READY" in message for message in ear.heard[reloading:])
    one.config.write_text(good)
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")
    wait_until(lambda: "refused" not in [m["STATUS"] for m in ear.heard if "STATUS" in m][-1])


def test_the_watchdog_is_pinged_while_all_is_well_and_not_by_a_stopped_daemon(
    daemon: Make, ear: Ear
) -> None:
    one = daemon()
    one.start()
    ear.await_(WATCHDOG="1")
    assert one.child is not None
    one.child.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    before = ear.count("WATCHDOG")
    time.sleep(1.5)
    assert ear.count("WATCHDOG") == before
    one.child.send_signal(signal.SIGCONT)
    wait_until(lambda: ear.count("WATCHDOG") > before)
