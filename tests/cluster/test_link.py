"""A cable that is pulled in the middle of a photo: nobody is told, and both sides go on."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from audit import Place, Sent, audit
from harness import wait_until
from machines import TTL_S, Machines
from namespaces import DAEMON, Namespace, switched

pytestmark = pytest.mark.cluster
Make = Callable[..., Machines]
SLOW = {"matte_s": 3.0}


def at_work_behind(line: Namespace, studio: Machines) -> list[Sent]:
    """One worker behind a line, at work on one photo."""
    studio.start_scheduler()
    studio.start_worker(prefix=line.prefix)
    studio.daemon.start()
    studio.daemon.await_("worker.joined")
    sent = studio.put(1)
    studio.daemon.await_("photo.started")
    time.sleep(0.5)  # with the engine now
    return sent


def demand_filed_free(studio: Machines, sent: list[Sent]) -> None:
    """All of it, once, and no attempt charged beyond the one that each photo takes."""
    studio.daemon.await_("photo.filed", count=len(sent))
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (len(sent), 0)
    assert set(studio.charged().values()) == {1}


def staged(studio: Machines) -> list[str]:
    return [one.name for one in (studio.daemon.results / ".matted-staging").iterdir()]


def test_what_is_healed_in_time_is_not_noticed(machines: Make) -> None:
    with switched(1) as (line,):
        studio = machines(engine=SLOW, host=DAEMON)
        try:
            sent = at_work_behind(line, studio)
            line.cut()
            time.sleep(TTL_S / 4)
            line.heal()
            demand_filed_free(studio, sent)
            assert not studio.daemon.said("photo.retried")
        finally:
            studio.stop()


def test_what_is_healed_too_late_was_done_by_another_and_the_late_answer_counts_for_nothing(
    machines: Make,
) -> None:
    """The worker that was cut off has staged its results meanwhile, and wants to tell of them."""
    with switched(2) as (line, other):
        studio = machines(engine=SLOW, host=DAEMON)
        try:
            sent = at_work_behind(line, studio)
            line.cut()
            studio.daemon.await_("photo.retried")
            assert "was lost" in studio.daemon.await_("photo.retried")["reason"]
            studio.start_worker(prefix=other.prefix)
            studio.daemon.await_("photo.filed")
            line.heal()
            studio.workers[0].await_("worker.joined", count=2)  # comes back by itself
            more = studio.put(4, first=10)
            studio.daemon.await_("photo.filed", count=5)
            wait_until(lambda: not staged(studio))
            assert len(studio.daemon.said("photo.filed")) == 5, "the zombie's answer was refused"
            demand_filed_free(studio, sent + more)
        finally:
            studio.stop()
