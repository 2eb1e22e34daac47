"""Folders that the settings no longer name: their photos stay in the queue, and come back."""

from __future__ import annotations

import time

from house import House

from daemon.errors import SourceTrouble
from daemon.ledger import State


def test_photos_of_a_folder_that_is_not_served_stay_where_they_are(house: House) -> None:
    photo = house.put("a.png")
    house.filing.serve({})
    house.turn()
    assert house.entry(photo).state is State.WAITING
    assert house.entry(photo).photo.attempts == 0
    house.filing.serve({str(house.inbox): house.destination()})
    house.turn_until_rest()
    assert house.filed() == ["a_one.png", "a_two.png"]


def test_a_photo_at_work_when_its_folder_goes_is_filed_where_it_was_to_be(house: House) -> None:
    photo = house.put("a.png")
    house.workers.holding = True
    house.turn()
    house.filing.serve({})
    house.workers.let_go()
    house.turn()
    assert house.entry(photo).state is State.FILED
    assert house.filed() == ["a_one.png", "a_two.png"]


def test_a_photo_that_fails_when_its_folder_goes_waits_for_the_folder(house: House) -> None:
    """Nothing of its folder was in the queue when the settings were read."""

    def fail() -> None:
        raise SourceTrouble("the share hung", 110)

    photo = house.put("a.png")
    house.workers.holding = True
    house.turn()
    house.filing.serve({})
    house.workers.meanwhile = fail
    house.workers.let_go()
    house.workers.holding = False
    for _ in range(5):
        house.turn()
        time.sleep(0.02)
    assert house.entry(photo).state is State.RETRYING
    assert house.entry(photo).photo.tries == 1
    house.workers.meanwhile = lambda: None
    house.filing.serve({str(house.inbox): house.destination()})


def test_a_paused_folder_keeps_its_photos_and_no_others(house: House) -> None:
    photo = house.put("a.png")
    house.filing.turn(paused_folders=[str(house.inbox)])
    assert house.entry(photo).state is State.WAITING
    house.turn_until_rest()
    assert house.entry(photo).state is State.FILED
