"""Workers that lie, babble, differ or see another share: nothing of theirs is filed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from audit import Place, audit
from machines import Machines

Make = Callable[..., Machines]


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


@pytest.mark.parametrize("fault", ["lie", "lie_about_photo", "babble"])
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


def test_what_is_not_seen_travels(machines: Make, tmp_path: Path) -> None:
    """Another share at the same path has neither the photo nor the staging directory."""
    studio = machines(folder={"profile": "plain"})
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "inbox").mkdir(parents=True)
    (elsewhere / "results").mkdir()
    studio.start_scheduler()
    studio.start_worker(sees={str(studio.root): str(elsewhere)})
    studio.daemon.start()
    studio.daemon.await_("worker.joined")
    sent = studio.put(4)
    (elsewhere / "inbox" / "0001.png").write_bytes(b"another studio's")
    studio.daemon.await_("photo.filed", count=4)
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    assert account.faults == ()
    assert account.filed == 4
    assert all("travel" in fact["stages_s"] for fact in studio.daemon.said("photo.filed"))
    assert [path.name for path in elsewhere.rglob("*.png")] == ["0001.png"]
    assert not [*studio.root.glob("worker1/state/worker/spool/*")]
