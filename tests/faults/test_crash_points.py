"""Killed at every call that changes a disk, and started again: the promise holds.

strace kills the process when it enters the call, so that point N leaves the disk as call N - 1
left it. What a kill cannot show, a page cache that is lost with the power, is the affair of
``tests/daemon/shelf/test_crash.py``: it asserts the order of syncs.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from audit import CUT_OUT, Account, Place, Sent, audit, coded, unfinished
from crash_points import (
    REDOINGS,
    VARIANTS,
    Forge,
    Point,
    Variant,
    points,
    thinned,
    traced,
    traced_with,
)
from harness import Daemon, wait_until
from summary import Tally

Make = Callable[..., Daemon]
TWO = {"preprocess": [], "outputs": [{"matte": {}}, {"matte": {"name": "fine", "bits": 16}}]}

NAMED = pytest.mark.parametrize("variant", [*VARIANTS, *REDOINGS], ids=lambda variant: variant.name)


def try_all(variant: Variant, at: list[Point], forge: Forge, disk: Path, tally: Tally) -> None:
    killed, broken = 0, []
    for point in at:
        case = forge.case(variant, disk)
        kill = f"{point.call}:signal=KILL:when={point.number}"
        killed += forge.run(case, *variant.always, kill) == -signal.SIGKILL
        again = forge.run(case, *variant.always)
        account = case.audit()
        if again or account.faults:
            broken.append(f"{point}: {again} {account.faults}\n{case.log}")
        tally.add(account)
        case.clear()
    tally.crash_points += killed
    assert not broken, "\n".join(broken)
    assert killed > 0.9 * len(at), "runs differ too much from the one that was traced"


@pytest.mark.faults
@NAMED
def test_a_kill_at_any_call_breaks_no_promise(
    variant: Variant, forge: Forge, disk: Path, tally: Tally
) -> None:
    found = traced(forge, forge.case(variant, disk))
    assert len(found) > (100 if variant.redone else 150), found
    at = found if variant.name == "keep" else thinned(found)
    # A redoing is filed by the very code that the other variants hit at every call.
    try_all(variant, at[::2] if variant.redone else at, forge, disk, tally)


@NAMED
def test_a_kill_at_some_calls_breaks_no_promise(
    variant: Variant, forge: Forge, disk: Path, tally: Tally
) -> None:
    found = traced(forge, forge.case(variant, disk))
    try_all(variant, thinned(found)[::20], forge, disk, tally)


def one_daemon(daemon: Make, originals: str) -> tuple[Daemon, list[Sent], list[bytes]]:
    folder = {"originals": originals, "archive": "archive"}
    plain = CUT_OUT if originals == "delete" else TWO
    one = daemon(folder=folder, profiles={"plain": plain}, limits={"min_free_mb": 0})
    contents = [coded(17), b"this is no photo\n" * 50]
    sent = [Sent.of("good.png", contents[0], 17), Sent.of("bad.png", contents[1], None)]
    return one, sent, contents


def drop(one: Daemon, sent: list[Sent], contents: list[bytes]) -> None:
    for photo, content in zip(sent, contents, strict=True):
        (one.inbox / photo.path).write_bytes(content)


def drain(one: Daemon, sent: list[Sent], originals: str) -> Account:
    place = Place.below(one.root, originals)
    wait_until(lambda: not unfinished(place, sent), 60)
    assert one.stop() == 0
    return audit(place, sent)


def traced_daemon(strace: str, daemon: Make, originals: str) -> list[Point]:
    """What the daemon process itself changes once photos arrive."""
    one, sent, contents = one_daemon(daemon, originals)
    log = one.root / "calls"
    one.start(prefix=traced_with(strace, log))
    ready = len(log.read_text())
    drop(one, sent, contents)
    assert drain(one, sent, originals).faults == ()
    trace = log.read_text()
    roots = (one.root / "results", one.root / "inbox", one.root / "archive")
    of_daemon = trace.split(maxsplit=1)[0]
    early = {*points(trace[:ready], *roots)}
    found = [point for point in points(trace, *roots, process=of_daemon) if point not in early]
    # The other calls are counted up by what differs from start to start.
    return [point for point in found if point.call in {"renameat2", "fsync", "rmdir"}]


@pytest.mark.faults
@pytest.mark.parametrize("originals", ["keep", "archive", "delete"])
def test_a_kill_of_the_real_daemon_breaks_no_promise(
    originals: str, strace: str, daemon: Make, tally: Tally
) -> None:
    found = traced_daemon(strace, daemon, originals)
    assert len(found) > 5, found
    for point in found[:: len(found) // 3]:
        one, sent, contents = one_daemon(daemon, originals)
        one.start(prefix=traced_with(strace, Path("/dev/null"), point))
        drop(one, sent, contents)
        assert one.child is not None
        assert one.child.wait(30) == -signal.SIGKILL, point
        one.facts.clear()
        one.start()
        account = drain(one, sent, originals)
        assert account.faults == (), point
        tally.add(account)
        tally.crash_points += 1
