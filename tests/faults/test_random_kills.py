"""kill -9 of whatever it hits, whenever it comes, while photos arrive from writers with bad habits.

The seed decides about writers and kills; what the scheduler does with them differs every time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from audit import CUT_OUT, Place, audit, unfinished
from harness import Daemon, family
from summary import Tally
from writers import start_all

Make = Callable[..., Daemon]
TWO = {"preprocess": [], "outputs": [{"matte": {}}, {"matte": {"name": "fine", "bits": 16}}]}
_DRAINED_WITHIN_S = 120


def kill_daemon(one: Daemon) -> None:
    """As a power cut would, and the daemon comes back at once."""
    one.kill()
    one.facts.clear()  # else it would seem ready already
    one.start()


def kill_photo_process(one: Daemon) -> None:
    _kill(one, "spawn_main")


def kill_engine(one: Daemon) -> None:
    _kill(one, "matting")


def _kill(one: Daemon, program: str) -> None:
    assert one.child is not None
    for pid in family(one.child.pid)[1:]:
        with contextlib.suppress(OSError):  # it may have ended by itself
            if program in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGKILL)
                return


KILLS = (kill_daemon, kill_photo_process, kill_engine)


def round_of_kills(
    one: Daemon, tally: Tally, *, seed: int, count: int, originals: str = "keep"
) -> None:
    random = Random(seed)
    one.start()
    writers = start_all(one.inbox, count, seed)
    while any(writer.is_alive() for writer in writers):
        time.sleep(random.uniform(0.1, 1.0))
        random.choice(KILLS)(one)
        tally.kills += 1
    sent = [version for writer in writers for version in writer.sent]
    place = Place.below(one.root, originals)
    until_s = time.monotonic() + _DRAINED_WITHIN_S
    while (left := unfinished(place, sent)) and time.monotonic() < until_s:
        time.sleep(0.5)
    assert not left, f"seed {seed}: {left}\n" + "\n".join(map(str, one.facts[-40:]))
    assert one.stop() == 0
    account = audit(place, sent)
    tally.add(account)
    assert account.faults == (), f"seed {seed}"
    assert (account.sent, account.filed, account.quarantined) == (count, count, 0)


def made(daemon: Make, originals: str) -> Daemon:
    # A kill of the daemon charges a photo that was alone at work, since it may have been the cause;
    # a user's machine does not lose its power every second.
    return daemon(
        folder={"originals": originals, "archive": "archive", "give_up_s": 600},
        workers=2,
        limits={"attempts": 50, "min_free_mb": 0},
        profiles={"plain": CUT_OUT if originals == "delete" else TWO},
    )


@pytest.mark.faults
@pytest.mark.parametrize(("seed", "originals"), [(1, "keep"), (2, "archive"), (3, "delete")])
def test_nothing_is_lost_or_doubled_whatever_is_killed(
    seed: int, originals: str, daemon: Make, tally: Tally
) -> None:
    round_of_kills(made(daemon, originals), tally, seed=seed, count=300, originals=originals)


def test_nothing_is_lost_or_doubled_by_a_few_kills(daemon: Make, tally: Tally) -> None:
    round_of_kills(made(daemon, "keep"), tally, seed=7, count=35)
