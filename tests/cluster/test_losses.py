"""Workers, scheduler and daemon that are lost in the middle of photos."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection

import pytest
from audit import Place, Sent, audit
from harness import family
from machines import Machines, Program

Make = Callable[..., Machines]
SLOW = {"matte_s": 1.0}


def all_filed(studio: Machines, sent: Collection[Sent], *, charged: Collection[int] = (1,)) -> None:
    """Stop the daemon once all is filed, and check the promise and who has paid."""
    within_s, studio.daemon.within_s = studio.daemon.within_s, 120
    studio.daemon.await_("photo.filed", count=len(sent))
    studio.daemon.within_s = within_s
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (len(sent), 0)
    assert set(studio.charged().values()) <= set(charged), studio.charged()


def at_work(studio: Machines, count: int = 1) -> None:
    studio.daemon.await_("photo.started", count=count)


def test_a_photo_whose_worker_is_killed_is_done_by_another_free_of_charge(machines: Make) -> None:
    studio = machines(engine=SLOW)
    studio.start(workers=2)
    sent = studio.put(6)
    at_work(studio, 2)
    studio.workers[0].kill()
    all_filed(studio, sent)


@pytest.mark.cluster
def test_a_poison_photo_pays_and_its_neighbours_do_not(machines: Make) -> None:
    """It kills the worker itself, and with it what other photos have there."""
    studio = machines(limits={"min_free_mb": 0, "attempts": 2})
    studio.start_scheduler()
    for _ in range(2):
        studio.start_worker(kept=True)
    studio.daemon.start()
    studio.daemon.await_("worker.joined", count=2)
    good = studio.put(25)
    poison = studio.put(1, first=90, name="poison")
    good += studio.put(25, first=40)
    studio.daemon.within_s = 120
    studio.daemon.await_("photo.quarantined")
    studio.daemon.await_("photo.filed", count=len(good))
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), good + poison)
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (len(good), 1)
    (report,) = studio.daemon.reports()
    assert "its worker" in report["reason"]
    assert "tried 2 times" in report["reason"]
    assert {n for path, n in studio.charged().items() if "poison" not in path} == {1}


@pytest.mark.cluster
def test_a_lost_scheduler_costs_nothing_and_everybody_comes_back(machines: Make) -> None:
    studio = machines(engine=SLOW)
    studio.start(workers=2)
    sent = studio.put(6)
    at_work(studio, 2)
    assert studio.scheduler is not None
    studio.scheduler.kill()
    studio.daemon.await_("photo.retried", count=2)
    studio.start_scheduler()
    studio.daemon.await_("worker.joined", count=4)
    all_filed(studio, sent)


@pytest.mark.cluster
def test_a_daemon_that_is_killed_charges_nobody(machines: Make) -> None:
    studio = machines(engine=SLOW)
    studio.start(workers=2)
    sent = studio.put(6)
    at_work(studio, 2)
    studio.daemon.kill()
    filed = len(studio.daemon.said("photo.filed"))
    studio.daemon.facts.clear()
    studio.daemon.start()
    studio.daemon.await_("photo.filed", count=len(sent) - filed)
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    assert (account.faults, account.filed) == ((), len(sent))
    assert set(studio.charged().values()) == {1}


def frozen(worker: Program, number: signal.Signals) -> None:
    for pid in family(worker.child.pid):
        os.kill(pid, number)


@pytest.mark.cluster
def test_a_worker_that_falls_silent_is_given_up_and_its_late_answer_refused(
    machines: Make,
) -> None:
    studio = machines(engine=SLOW)
    studio.start_scheduler()
    silent = studio.start_worker()
    studio.daemon.start()
    studio.daemon.await_("worker.joined")
    sent = studio.put(3)
    at_work(studio)
    frozen(silent, signal.SIGSTOP)
    studio.start_worker()
    studio.daemon.await_("photo.retried")
    studio.daemon.await_("worker.left")
    studio.daemon.await_("photo.filed", count=3)
    frozen(silent, signal.SIGCONT)
    silent.await_("worker.joined", count=2)  # it comes back by itself, and has dropped what it had
    more = studio.put(4, first=20)
    all_filed(studio, sent + more)


@pytest.mark.cluster
@pytest.mark.parametrize("when", ["before", "after"])
def test_it_makes_no_difference_who_starts_first(machines: Make, when: str) -> None:
    studio = machines()
    studio.start_worker()
    if when == "before":
        studio.start_scheduler()
    studio.daemon.start()
    sent = studio.put(2)
    studio.daemon.await_("photo.settled", count=2)
    if when == "after":
        studio.start_scheduler()
    all_filed(studio, sent)
