"""Photos that were at work together when the daemon ended: none pays, and then they work alone."""

from __future__ import annotations

import time

from house import House

from daemon.filing.suspects import Suspects
from daemon.ledger import State

FREE = 3


def begin_all(house: House) -> None:
    house.workers.holding = True
    house.workers.idle = FREE - len(house.workers.running)
    house.turn()


def begin_alone(house: House, photo_id: int) -> None:
    """Begin what is due, or will be in a moment, and end all of it but one photo."""
    until_s = time.monotonic() + 20
    while [one.id for one in house.filing.at_work] != [photo_id]:
        assert time.monotonic() < until_s
        house.workers.let_go(but=photo_id)
        begin_all(house)
        time.sleep(0.002)


def test_several_at_work_are_not_charged_and_then_work_one_at_a_time(house: House) -> None:
    photos = [house.put(f"{number}.png") for number in range(3)]
    begin_all(house)
    assert len(house.filing.at_work) == 3
    house.crash()
    assert [house.entry(one).photo.attempts for one in photos] == [0, 0, 0]
    for left in (2, 1):
        begin_all(house)
        assert len(house.filing.at_work) == 1, "while nothing speaks for the others"
        house.workers.let_go()
        house.turn()
        waiting = house.ledger.counts()[State.RETRYING]
        assert waiting + len(house.filing.at_work) == left
    house.workers.let_go()
    house.turn_until_rest()
    assert all(house.entry(one).state is State.FILED for one in photos)


def test_one_that_ends_the_daemon_alone_is_charged_and_no_other(house: House) -> None:
    bad, good = house.put("bad.png"), house.put("good.png")
    begin_all(house)
    house.crash()
    for attempt in (1, 2, 3):
        assert house.entry(bad).state is not State.FAILED
        begin_alone(house, bad)
        house.crash()
        assert house.entry(bad).photo.attempts == attempt
    house.turn_until_rest()
    assert house.entry(bad).state is State.FAILED
    assert "the daemon ended while it was at work" in (house.entry(bad).reason or "")
    assert house.entry(good).state is State.FILED
    assert house.entry(good).photo.attempts == 1


def test_new_photos_wait_as_well_until_the_suspects_have_come_through(house: House) -> None:
    for name in "ab":
        house.put(f"{name}.png")
    begin_all(house)
    house.crash()
    new = house.put("new.png")
    begin_all(house)
    assert len(house.filing.at_work) == 1
    assert house.entry(new).state is State.WAITING


def test_suspects_whose_turn_will_not_come_keep_nobody_waiting(house: House) -> None:
    """They are gone, or their folder is."""
    gone, away = house.put("gone.png"), house.put("away.png")
    suspects = Suspects()
    for one in (gone, away, 99):
        suspects.add(one)
    house.ledger.gone(gone, now_s=0)
    suspects.review(house.ledger, without=())
    assert suspects, "one of them waits"
    suspects.review(house.ledger, without=[str(house.inbox)])
    assert not suspects
