"""What a crash or a pause cut short is taken up again, once and whole."""

from __future__ import annotations

import json
import time

from house import BAD, House

from daemon.ledger import State
from daemon.shelf.quarantine import quarantine


def test_a_photo_whose_report_was_written_is_not_tried_again(house: House) -> None:
    """The power went between the report and the ledger."""
    photo = house.put("a.png")
    house.workers.holding = True
    house.turn()
    report = {"reason": "no decoder knows it"}
    quarantine(house.results, house.entry(photo).photo, report, move_original=False)
    house.crash()
    assert house.entry(photo).state is State.FAILED
    assert house.entry(photo).reason == "no decoder knows it"
    assert len(list((house.results / "failed").iterdir())) == 1


def test_a_plan_of_the_last_run_is_carried_out_before_anything_is_begun(house: House) -> None:
    planned = house.put("a.png")
    results = house.results / "one"
    house.profile = house.profile.model_copy(update={"file_as": "{output}/{stem}{ext}"})
    house.start()
    house.workers.meanwhile = lambda: results.write_bytes(b"in the way")
    house.turn()
    house.turn()
    assert house.entry(planned).state is State.PUBLISHING
    results.unlink()
    house.crash()
    assert house.entry(planned).state is State.FILED
    assert house.filed() == ["one/a.png", "two/a.png"]


def test_a_plan_that_a_pause_cut_short_is_carried_out_when_it_ends(house: House) -> None:
    photo = house.put("a.png")

    def unplug() -> None:
        house.workers.meanwhile = lambda: None
        house.absent = "nothing is mounted there"

    real = house.ledger.plan

    def plan(*args: object, **named: object) -> None:
        real(*args, **named)  # type: ignore[arg-type] # handed on
        house.results.rename(house.root / "unplugged")

    house.ledger.plan = plan  # type: ignore[method-assign]
    house.workers.meanwhile = unplug
    house.turn()
    house.turn()
    assert house.filing.paused is not None
    assert house.entry(photo).state is State.PUBLISHING
    house.ledger.plan = real  # type: ignore[method-assign]
    (house.root / "unplugged").rename(house.results)
    time.sleep(0.03)
    house.turn()
    assert house.filing.paused is not None, "it is still said to be away"
    house.absent = None
    time.sleep(0.05)
    house.turn_until_rest(pauses=True)
    assert house.entry(photo).photo.attempts == 1
    assert house.filed() == ["a_one.png", "a_two.png"]


def test_a_quarantine_that_a_pause_cut_short_is_done_when_it_ends(house: House) -> None:
    bad = house.put("bad.png", BAD)
    house.workers.holding = True
    house.turn()
    house.results.rename(house.root / "unplugged")
    house.workers.let_go()
    house.turn()
    assert house.filing.paused is not None
    assert house.entry(bad).state is State.WORKING, "without its report it did not happen"
    (house.root / "unplugged").rename(house.results)
    time.sleep(0.03)
    house.workers.holding = False
    house.turn_until_rest(pauses=True)
    assert house.entry(bad).state is State.FAILED
    (report,) = (house.results / "failed").iterdir()
    assert "no decoder knows it" in json.loads(report.read_text())["reason"]


def test_what_was_at_work_at_the_end_goes_back_and_costs_nothing(house: House) -> None:
    photos = [house.put(f"{number}.png") for number in range(3)]
    house.workers.holding, house.workers.idle = True, 2
    house.turn()
    assert not house.filing.drain() or len(house.filing.at_work) == 2
    house.filing.give_back()
    assert [house.entry(one).state for one in photos[:2]] == [State.RETRYING] * 2
    assert [house.entry(one).photo.attempts for one in photos] == [0, 0, 0]
    assert house.entry(photos[2]).state is State.WAITING, "nothing is begun while it drains"
