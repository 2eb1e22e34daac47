"""Programs that put photos into a hot folder, each with a habit that has cost others photos.

Waits are chosen around a settle time of 0.3 s: shorter ones look like slow writing, longer ones
like a file that is complete when it is not.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from audit import Sent, coded

_SHORT_S = 0.05
_LONG_S = 0.6
_REPLACED = 5000
"""Added to a photo's number when another one takes its place."""

Habit = Callable[[Path, str, int, Random], list[Sent]]
"""Puts the photo of a number into a folder under a name; says which versions lay there whole."""


def at_once(inbox: Path, name: str, number: int, _: Random) -> list[Sent]:
    content = coded(number)
    (inbox / name).write_bytes(content)
    return [Sent.of(name, content, number)]


def slowly(inbox: Path, name: str, number: int, random: Random) -> list[Sent]:
    """A scanner: the file grows for as long as the carriage moves."""
    content = coded(number)
    with (inbox / name).open("wb", buffering=0) as file:
        for part in _parts(content, random.randint(2, 6)):
            file.write(part)
            time.sleep(_SHORT_S)
    return [Sent.of(name, content, number)]


def with_a_pause(inbox: Path, name: str, number: int, random: Random) -> list[Sent]:
    """The lamp warms up half way: the half file settles, but is none."""
    content = coded(number)
    half = random.randint(1, len(content) - 1)
    (inbox / name).write_bytes(content[:half])
    time.sleep(random.choice((_SHORT_S, _LONG_S)))
    with (inbox / name).open("ab") as file:
        file.write(content[half:])
    return [Sent.of(name, content, number)]


def renaming(inbox: Path, name: str, number: int, random: Random) -> list[Sent]:
    """What careful programs do."""
    content = coded(number)
    part = inbox / f"{name}.part"
    part.write_bytes(content)
    time.sleep(random.choice((0, _SHORT_S, _LONG_S)))
    part.rename(inbox / name)
    return [Sent.of(name, content, number)]


def preallocating(inbox: Path, name: str, number: int, random: Random) -> list[Sent]:
    """Copying over a network: the size is right long before the content is."""
    content = coded(number)
    with (inbox / name).open("wb", buffering=0) as file:
        os.ftruncate(file.fileno(), len(content))
        time.sleep(random.choice((0, _LONG_S)))
        for part in _parts(content, 3):
            file.write(part)
            time.sleep(_SHORT_S)
    return [Sent.of(name, content, number)]


def appending(inbox: Path, name: str, number: int, random: Random) -> list[Sent]:
    """The photo is whole and may be filed; then its file grows, as if by another page.

    A photo that was archived or deleted by then has got no other page: there is no file to grow.
    """
    content, more = coded(number), random.randbytes(40)
    (inbox / name).write_bytes(content)
    time.sleep(random.choice((0, _SHORT_S, _LONG_S)))
    try:
        with (inbox / name).open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(more)
    except FileNotFoundError:
        return [Sent.of(name, content, number)]
    return [
        Sent.of(name, content, number, final=False),
        Sent.of(name, content + more, number),
    ]


def replacing(inbox: Path, name: str, number: int, random: Random) -> list[Sent]:
    """The photo is scanned again, better, under the same name."""
    first, second = coded(number), coded(number + _REPLACED)
    (inbox / name).write_bytes(first)
    time.sleep(random.choice((0, _SHORT_S, _LONG_S)))
    fresh = inbox / f"{name}.tmp"
    fresh.write_bytes(second)
    fresh.replace(inbox / name)
    return [
        Sent.of(name, first, number, final=False),
        Sent.of(name, second, number + _REPLACED),
    ]


HABITS: tuple[Habit, ...] = (
    at_once, slowly, with_a_pause, renaming, preallocating, appending, replacing
)  # fmt: skip


class Writer(threading.Thread):
    """One such program at work; ``sent`` is complete when it has ended."""

    def __init__(self, habit: Habit, inbox: Path, numbers: Iterable[int], seed: int) -> None:
        super().__init__(name=habit.__name__)
        self.sent: list[Sent] = []
        self._habit = habit
        self._inbox = inbox
        self._numbers = tuple(numbers)
        self._random = Random(f"{seed} {habit.__name__}")

    def run(self) -> None:
        (self._inbox / self.name).mkdir(parents=True, exist_ok=True)
        for number in self._numbers:
            name = f"{self.name}/{number:04}.png"
            self.sent += self._habit(self._inbox, name, number, self._random)
            time.sleep(self._random.random() * _SHORT_S)


def start_all(inbox: Path, count: int, seed: int) -> list[Writer]:
    """Start every kind of writer; together they send so many photos."""
    writers = [
        Writer(habit, inbox, range(index, count, len(HABITS)), seed)
        for index, habit in enumerate(HABITS)
    ]
    for writer in writers:
        writer.start()
    return writers


def _parts(content: bytes, count: int) -> list[bytes]:
    step = len(content) // count + 1
    return [content[start : start + step] for start in range(0, len(content), step)]
