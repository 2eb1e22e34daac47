"""Photos that kill, hang or starve whatever works on them, between good ones: only they pay."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import cv2
import numpy as np
import pytest
from audit import Place, Sent, audit, coded, unfinished
from harness import Daemon, wait_until
from summary import Tally

Make = Callable[..., Daemon]

IN_PHOTO_PROCESS = {11: "die", 12: "leave", 13: "hang", 14: "stop", 15: "hoard"}
IN_ENGINE = {"21": "segfault", "22": "exit", "23": "hang_in_c", "24": "out_of_memory"}
"""What a photo does to its photo process, or the engine, by the red of its top left pixel."""
ATTEMPTS = 2


def poison(red: int) -> bytes:
    pixels = np.full((48, 64, 3), (30, 60, red), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def send(one: Daemon, reds: list[int], good: int) -> list[Sent]:
    """Good photos, with the poison spread evenly among them."""
    sent = []
    for number in range(good):
        if number % 3 == 1 and reds:
            red = reds.pop()
            sent.append(Sent.of(f"poison {red}.png", poison(red), None))
            (one.inbox / sent[-1].path).write_bytes(poison(red))
        sent.append(Sent.of(f"{number:02}.png", coded(number), number))
        (one.inbox / sent[-1].path).write_bytes(coded(number))
    assert not reds
    return sent


def attempts(one: Daemon) -> dict[str, int]:
    ledger = f"{(one.root / 'state' / 'ledger.sqlite').as_uri()}?mode=ro"
    with closing(sqlite3.connect(ledger, uri=True)) as db:
        found = db.execute("SELECT path, attempts FROM photo").fetchall()
    return {path.decode(): charged for path, charged in found}


@pytest.fixture
def poisoned(daemon: Make) -> Daemon:
    plain = {"preprocess": [{"misbehave": {"when_red": IN_PHOTO_PROCESS}}], "outputs": ["matte"]}
    one = daemon(engine={"when_red": IN_ENGINE, "matte_s": 0.1})
    limits = {"attempts": ATTEMPTS, "photo_timeout_s": 8, "photo_memory_mb": 800, "min_free_mb": 0}
    one.configure(
        {},
        {
            "workers": 2,
            "limits": limits,
            "profiles": {"plain": plain},
            "engine": {"timeout_s": 1.5},
        },
    )
    return one


def check(one: Daemon, sent: list[Sent], tally: Tally) -> None:
    bad = [version.path for version in sent if version.number is None]
    good = [version.path for version in sent if version.number is not None]
    one.start()
    one.await_("photo.filed", count=len(good))
    wait_until(lambda: len(one.said("photo.quarantined")) == len(bad), 120)
    judge(one, sent, tally)


def judge(one: Daemon, sent: list[Sent], tally: Tally) -> None:
    bad = [version.path for version in sent if version.number is None]
    good = [version.path for version in sent if version.number is not None]
    charged = attempts(one)
    assert one.stop() == 0
    account = audit(Place.below(one.root), sent)
    tally.add(account)
    assert account.faults == ()
    assert sorted(fact["path"] for fact in one.said("photo.quarantined")) == sorted(bad)
    assert {charged[path] for path in good} == {1}, charged
    assert {charged[path] for path in bad} == {ATTEMPTS}, charged


@pytest.mark.faults
def test_of_all_kinds_of_poison_only_the_poison_pays(poisoned: Daemon, tally: Tally) -> None:
    reds = [*IN_PHOTO_PROCESS, *map(int, IN_ENGINE)]
    check(poisoned, send(poisoned, reds, good=30), tally)


def test_a_photo_that_ends_the_whole_daemon_pays_alone(daemon: Make, tally: Tally) -> None:
    """Others are at work when it ends, each time at first; they are not charged for that."""
    step = {"misbehave": {"when_red": {16: "end_daemon"}}}
    plain = {"preprocess": [step], "outputs": ["matte"]}
    limits = {"attempts": ATTEMPTS, "min_free_mb": 0}
    one = daemon(engine={"matte_s": 0.3}, workers=2, limits=limits, profiles={"plain": plain})
    sent = send(one, [16], good=8)
    ended = 0
    one.start()
    while not one.said("photo.quarantined"):
        assert one.child is not None
        if one.child.poll() is None:
            time.sleep(0.05)
            continue
        ended += 1
        assert ended < 8, "it ends the daemon for ever"
        one.facts.clear()
        one.start()
    # Once in company perhaps, which nobody pays for, and then alone.
    assert ended in (2, 3)
    wait_until(lambda: not unfinished(Place.below(one.root), sent), 60)
    judge(one, sent, tally)


def test_only_the_poison_pays(poisoned: Daemon, tally: Tally) -> None:
    check(poisoned, send(poisoned, [11, 21], good=6), tally)
