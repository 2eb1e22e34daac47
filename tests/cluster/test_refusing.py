"""Workers that lie, babble or differ: nothing of theirs is filed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audit import Place, audit
from machines import Machines

Make = Callable[..., Machines]
pytestmark = pytest.mark.cluster


def filed_by_another(studio: Machines, fault: str) -> None:
    """A faulty worker is given a photo first, then a good one comes."""
    studio.start_scheduler()
    studio.start_worker(fault=fault)
    studio.daemon.start()
    studio.daemon.await_("worker.joined")
    sent = studio.put(3)
    studio.daemon.await_("worker.resting")
    studio.start_worker()
    studio.daemon.await_("photo.filed", count=3)
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (3, 0)


@pytest.mark.parametrize("fault", ["lie", "lie_about_photo", "babble", "stumble"])
def test_a_worker_that_lies_rests_and_no_photo_pays(machines: Make, fault: str) -> None:
    filed_by_another(machines(limits={"min_free_mb": 0, "attempts": 1}), fault)


def test_a_worker_of_another_version_is_refused_in_one_line(machines: Make) -> None:
    studio = machines()
    studio.start_scheduler()
    studio.start_worker(fault="differ")
    studio.daemon.start()
    told = studio.daemon.await_("worker.refused")
    assert "it is matted 0.0.1" in told["reason"]
    studio.put(1)
    studio.daemon.await_("photo.settled")
    assert not studio.daemon.said("worker.joined")
    studio.start_worker()
    studio.daemon.await_("photo.filed")
