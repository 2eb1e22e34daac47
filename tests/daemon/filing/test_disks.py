"""Whether the disks are there and have room, and whose fault it is if results cannot be filed."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from house import House

from daemon.errors import MattedError, NameTrouble, NoRoom, Refused, ResultsTrouble, RootTrouble
from daemon.filing.destinations import Destinations
from daemon.filing.disks import Disks
from daemon.filing.pausing import Pausing
from daemon.log import events
from daemon.photo import Photo
from matting.backoff import Waits


def disks(house: House, *, min_free_bytes: int = 0) -> Disks:
    return Disks(house.root / "snapshots", min_free_bytes, lambda _: house.absent)


def photo(house: House) -> Photo:
    return house.entry(house.put("a.png")).photo


def test_results_and_archive_have_to_be_there_and_themselves(house: House) -> None:
    disks(house).demand(house.destination())
    house.absent = "nothing is mounted there"
    with pytest.raises(ResultsTrouble, match="nothing is mounted there"):
        disks(house).demand(house.destination())
    house.absent = None
    house.archive.rename(house.root / "unplugged")
    with pytest.raises(ResultsTrouble, match="archive"):
        disks(house).demand(house.destination())


def test_a_disk_without_the_room_that_is_to_be_left_is_full(house: House) -> None:
    free = os.statvfs(house.root)
    more = free.f_bavail * free.f_frsize + (1 << 40)
    with pytest.raises(ResultsTrouble):
        disks(house, min_free_bytes=more).demand(house.destination())


def test_a_copy_has_to_fit_beside_those_of_the_photos_at_work(house: House) -> None:
    one = photo(house)
    disks(house).demand_for_copy(one, [])
    free = os.statvfs(house.root)
    half = (free.f_bavail * free.f_frsize) * 3 // 5
    large = replace(one, version=replace(one.version, size_bytes=half))
    with pytest.raises(NoRoom):
        disks(house).demand_for_copy(large, [large])
    vast = replace(one, version=replace(one.version, size_bytes=1 << 60))
    with pytest.raises((NoRoom, Refused, ResultsTrouble)):
        disks(house).demand_for_copy(vast, [])


Judged = tuple[MattedError, type[MattedError]]


@pytest.mark.parametrize(
    ("error", "judged"),
    [
        (NoRoom("no room", errno.ENOSPC), NoRoom),
        (ResultsTrouble("disk full", errno.ENOSPC), ResultsTrouble),
        (ResultsTrouble("the background is not there", 0), ResultsTrouble),
        (ResultsTrouble("sub: not a folder", errno.EACCES), NameTrouble),
        (RootTrouble("exchanged for a moment", errno.ELOOP), RootTrouble),
    ],
)
def test_a_disk_that_takes_what_is_tried_is_not_to_blame(
    house: House, error: MattedError, judged: type[MattedError]
) -> None:
    assert type(disks(house).judge(error, house.destination())) is judged


def test_a_disk_that_takes_nothing_is(house: House) -> None:
    house.absent = "nothing is mounted there"
    found = disks(house).judge(ResultsTrouble("sub: lost", errno.EIO), house.destination())
    assert type(found) is ResultsTrouble
    assert "nothing is mounted there" in found.reason


# Pauses


class Paused:
    """A pause of everything, and the disks that it waits for."""

    def __init__(self, house: House) -> None:
        destinations = Destinations()
        destinations.serve({str(house.inbox): house.destination()}, queued=(), profiles={})
        waits = Waits(0.05, 0.1)
        self.pausing = Pausing(disks(house), destinations, events.silent(), waits=waits)


def test_a_pause_ends_when_the_disks_are_in_order_and_is_looked_at_less_and_less_often(
    house: House,
) -> None:
    pausing = Paused(house).pausing
    assert not pausing.is_due, "nothing is paused"
    house.absent = "nothing is mounted there"
    pausing.begin("the disk is away")
    waits = [pausing.probe_at_s - time.monotonic()]
    assert not pausing.is_due
    for _ in range(3):
        assert not pausing.try_to_end()
        waits.append(pausing.probe_at_s - time.monotonic())
    assert [round(one, 2) for one in waits] == pytest.approx([0.05, 0.1, 0.1, 0.1], abs=0.03)
    assert pausing.reason is not None
    assert "nothing is mounted there" in pausing.reason, "the latest"
    house.absent = None
    assert pausing.try_to_end()
    assert pausing.reason is None
    pausing.begin("again")
    assert pausing.probe_at_s - time.monotonic() < 0.06, "from the start again"


def raises(error: Exception) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


def test_what_is_nobodys_photo_pauses_only_for_a_disk(house: House) -> None:
    pausing = Paused(house).pausing
    pausing.do_or_pause(house.destination(), raises(ResultsTrouble("one name", errno.EACCES)))
    pausing.do_or_pause(house.destination(), raises(ZeroDivisionError("a fault of ours")))
    assert pausing.reason is None
    pausing.do_or_pause(house.destination(), raises(ResultsTrouble("disk full", errno.ENOSPC)))
    assert pausing.reason == "disk full"
