"""A daemon, a scheduler and workers on loopback: photos are filed as they are without all that."""

from __future__ import annotations

from collections.abc import Callable

from audit import Place, audit
from machines import Machines

Make = Callable[..., Machines]


def test_photos_are_filed_by_whoever_has_joined(machines: Make) -> None:
    studio = machines()
    studio.start(workers=2)
    sent = studio.put(12)
    studio.daemon.await_("photo.filed", count=12)
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (12, 0)
