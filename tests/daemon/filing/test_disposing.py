"""What becomes of originals once their photos have ended, and what is tried again."""

from __future__ import annotations

import time

import pytest
from house import BAD, House

from daemon.filing.queue import Rhythm
from daemon.ledger import State


def archived(house: House) -> list[str]:
    return sorted(path.name for path in house.archive.rglob("*.png"))


@pytest.fixture
def archiving(house: House) -> House:
    house.originals = "archive"
    house.rhythm = Rhythm(house.rhythm.pause, dispose_s=0)
    house.start()
    return house


def test_an_original_that_is_open_for_writing_is_archived_later(archiving: House) -> None:
    photo = archiving.put("a.png")
    with (archiving.inbox / "a.png").open("ab"):
        archiving.turn_until_rest()
        assert archiving.entry(photo).state is State.FILED
        assert not archived(archiving)
    archiving.filing.turn()
    assert archived(archiving) == ["a.png"]
    assert not archiving.ledger.to_dispose()


def test_a_fault_of_ours_keeps_the_original_and_ends_nothing(
    archiving: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("daemon.filing.disposing.dispose", lambda *_, **__: 1 / 0)
        photo = archiving.put("a.png")
        archiving.turn_until_rest()
        archiving.filing.turn()
    assert archiving.entry(photo).state is State.FILED
    assert (archiving.inbox / "a.png").exists()
    archiving.filing.turn()
    assert archived(archiving) == ["a.png"]


def test_what_was_filed_decides_whether_an_original_may_be_deleted(house: House) -> None:
    """The house's results are mattes: nothing could be cut out again from them."""
    house.originals = "delete"
    house.start()
    photo = house.put("a.png")
    house.turn_until_rest()
    assert (house.inbox / "a.png").exists()
    assert "the original was not deleted" in (house.entry(photo).reason or "")
    assert not house.ledger.to_dispose(), "that is decided, and not tried again for ever"


def test_an_original_follows_its_photo_into_quarantine_as_soon_as_it_can(
    archiving: House,
) -> None:
    bad = archiving.put("bad.png", BAD)
    with (archiving.inbox / "bad.png").open("ab"):
        archiving.turn_until_rest()
        assert archiving.entry(bad).state is State.FAILED
        assert (archiving.inbox / "bad.png").exists()
    archiving.filing.turn()
    assert not (archiving.inbox / "bad.png").exists()
    kinds = sorted(path.suffix for path in (archiving.results / "failed").iterdir())
    assert kinds == [".json", ".png"]


def test_originals_of_a_folder_that_is_no_longer_served_stay(archiving: House) -> None:
    photo = archiving.put("a.png")
    archiving.workers.holding = True
    archiving.filing.turn()
    archiving.filing.serve({})
    archiving.workers.let_go()
    archiving.filing.turn()
    time.sleep(0.01)
    archiving.filing.turn()
    assert archiving.entry(photo).state is State.FILED
    assert (archiving.inbox / "a.png").exists()
