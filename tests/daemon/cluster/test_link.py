"""The line to the scheduler: whatever is at its other end, each call ends, and it mends itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import wait_until

from daemon.cluster import frames
from daemon.cluster.frames import Frame, FrameError
from daemon.cluster.link import SOCKET, Late, Link, Lost, Seat, Stumbled

SEATS = Frame({"seats": [{"id": "one", "address": "tls://studio2:1"}]})


class Scheduler:
    """One that does with each call what it was told to."""

    def __init__(self, state: Path, act: Callable[[socket.socket, Frame], None]) -> None:
        self.heard: list[Frame] = []
        self._act = act
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(state / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line:
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        try:
            self.heard.append(frames.receive(line))
            frames.send(line, SEATS)
            while True:
                self.heard.append(frames.receive(line))
                self._act(line, self.heard[-1])
        except (FrameError, OSError):
            return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Callable[..., Link]]:
    made: list[Scheduler | Link] = []

    def make(act: Callable[[socket.socket, Frame], None]) -> Link:
        made.append(Scheduler(tmp_path, act))
        link = Link(tmp_path, role="daemon")
        made.append(link)
        link.start()
        wait_until(lambda: link.trouble is None)
        return link

    yield make
    for one in made:
        one.stop() if isinstance(one, Link) else one.close()


def answering(**header: object) -> Callable[[socket.socket, Frame], None]:
    def act(line: socket.socket, frame: Frame) -> None:
        told = {"call": frame.header["call"], **header}
        frames.send(line, Frame(told, Frame({"said": 1}, b"bytes").encoded()))

    return act


def test_a_call_is_answered(linked: Callable[..., Link]) -> None:
    link = linked(answering(end="done"))
    assert link.seats == (Seat("one", "tls://studio2:1"),)
    assert link.call("one", "hello", {}) == Frame({"said": 1}, b"bytes")


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"end": "lost", "reason": "gone"}, Lost),
        ({"end": "failed", "reason": "ValueError"}, Stumbled),
        ({"end": "done, I promise"}, Stumbled),
    ],
)
def test_ends_that_are_none_are_told_apart(
    linked: Callable[..., Link], told: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        linked(answering(**told)).call("one", "work", {})


def test_a_call_that_nobody_answers_is_called_off(linked: Callable[..., Link]) -> None:
    heard: list[Frame] = []
    link = linked(lambda _, frame: heard.append(frame))
    with pytest.raises(Late):
        link.call("one", "work", {}, timeout_s=0.2)
    wait_until(lambda: len(heard) == 2)
    assert heard[1].header == {"cancel": heard[0].header["call"]}


@pytest.mark.parametrize(
    "last_words", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"mtc\x01" + b"\xff" * 8]
)
def test_a_scheduler_that_is_lost_or_babbles_ends_all_calls_and_the_line_is_taken_up_again(
    linked: Callable[..., Link], last_words: bytes
) -> None:
    def babble(line: socket.socket, _: Frame) -> None:
        line.sendall(last_words)
        line.shutdown(socket.SHUT_RDWR)

    link = linked(babble)
    with pytest.raises(Lost):
        link.call("one", "work", {})
    wait_until(lambda: link.trouble is None and bool(link.seats))


@pytest.mark.parametrize("seats", [7, [7], [{"id": 1}], [{"id": [], "address": {}}]])
def test_seats_that_make_no_sense_do_no_harm(linked: Callable[..., Link], seats: object) -> None:
    link = linked(lambda line, _: frames.send(line, Frame({"seats": seats})))
    with pytest.raises((Lost, Late)):
        link.call("one", "work", {}, timeout_s=1)


def test_without_a_scheduler_it_says_so(tmp_path: Path) -> None:
    link = Link(tmp_path / "absent", role="guest")
    link.start()
    try:
        assert "not running" in (link.trouble or "")
        with pytest.raises(Lost, match="not running"):
            link.call("one", "hello", {})
    finally:
        link.stop()
