"""The per-photo boundary: an error is its photo's, an error in dealing with it too."""

from __future__ import annotations

import time

import pytest
from house import House

from daemon.errors import LedgerTrouble, MattedError, NameTaken, SourceTrouble
from daemon.filing.queue import Filing
from daemon.ledger import State


def work_once(house: House, error: Exception | None = None) -> None:
    """Have what is due worked on once, and the outcome dealt with."""

    def meanwhile() -> None:
        if error is not None:
            raise error

    house.workers.meanwhile = meanwhile
    house.turn()
    house.workers.meanwhile = lambda: None


def test_what_ends_the_daemon_is_the_ledger_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in beginning a photo is charged to it; of the ledger's, to nobody."""
    photo = house.put("a.png")
    with monkeypatch.context() as broken:
        broken.setattr(Filing, "_begin", lambda *_: 1 / 0)
        house.turn()
    assert house.entry(photo).state is State.RETRYING
    assert house.entry(photo).photo.attempts == 1

    def fail(*_: object) -> None:
        raise LedgerTrouble("the ledger: disk I/O error")

    time.sleep(0.05)
    with monkeypatch.context() as broken:
        broken.setattr(Filing, "_begin", fail)
        with pytest.raises(LedgerTrouble):
            house.turn()
    house.turn_until_rest()
    assert house.entry(photo).state is State.FILED
    assert house.entry(photo).photo.attempts == 2, "the claimed photo was gone on with"


@pytest.mark.parametrize("known", [True, False], ids=["known trouble", "a fault of ours"])
def test_an_error_in_dealing_with_an_error_costs_an_attempt_only_if_nobody_knows_why(
    house: House, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    photo = house.put("a.png")
    second: Exception = SourceTrouble("gone too", 0) if known else ZeroDivisionError()

    def decide(*_: object) -> None:
        raise second

    with monkeypatch.context() as broken:
        broken.setattr("daemon.filing.policy.decide", decide)
        work_once(house, SourceTrouble("the share hung", 0))
        house.turn()
    entry = house.entry(photo)
    assert entry.state is State.RETRYING
    assert entry.photo.attempts == (0 if known else 1)
    assert entry.due_s > entry.changed_s + 0.05, "much later"
    house.turn_until_rest()
    assert house.entry(photo).state is State.FILED


def test_trouble_after_a_photo_was_filed_is_told_and_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = house.put("a.png")
    with monkeypatch.context() as broken:
        broken.setattr("daemon.filing.publishing.Publishing._tell", lambda *_: 1 / 0)
        house.turn()
        house.turn()
    assert house.entry(photo).state is State.FILED
    assert house.filed() == ["a_one.png", "a_two.png"]


def test_names_that_are_taken_at_the_last_moment_are_others_and_cost_nothing(house: House) -> None:
    taken = house.results / "a_two.png"
    photo = house.put("a.png")
    house.workers.meanwhile = lambda: taken.write_bytes(b"theirs")
    house.turn_until_rest()
    assert taken.read_bytes() == b"theirs"
    assert house.entry(photo).photo.attempts == 1
    assert house.filed() == ["a-2_one.png", "a-2_two.png", "a_two.png"]


@pytest.mark.parametrize("error", [NameTaken(b"a_one.png"), MattedError("something")])
def test_the_ledger_has_the_last_word_on_what_a_photo_is_at(
    house: House, error: MattedError
) -> None:
    """It failed half way when this was concluded before, and the photo is filed by now."""
    photo = house.put("a.png")
    house.workers.holding = True
    house.turn()
    house.ledger.gone(photo, now_s=time.time())

    def meanwhile() -> None:
        raise error

    house.workers.meanwhile = meanwhile
    house.workers.let_go()
    house.turn()
    assert house.entry(photo).state is State.GONE
