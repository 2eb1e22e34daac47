"""Attempts on other machines: who gets which, and who pays when a machine is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from daemon.cluster.flights import Flight, Flights
from daemon.cluster.hello import Hello, NoHello
from daemon.cluster.link import Seat
from daemon.cluster.roster import Worker
from daemon.config.profiles import Profile
from daemon.errors import Interrupted
from daemon.photo import Photo, Version
from daemon.work.job import EngineAddress, Job

HELLO = Hello("studio2", 2, "1", "", "people", "cpu", "", "selfie", "", (), "3.11", ())
FREE = Interrupted("lost")


def flight(number: int, tries: int = 1) -> Flight:
    photo = Photo(number, "/in", b"a.png", Version(1, 2, 3, 4), 1, 0.0, tries=tries)
    job = Job(
        photo, b"/in/a.png", Path("/out"), b"/out/.matted-staging/%d-%d-1" % (number, tries),
        b"", Profile(), EngineAddress("", Path(), 0, 0, 0), 1,
    )  # fmt: skip
    return Flight(job, 0.0)


def worker(name: str, slots: int = 2) -> Worker:
    return Worker(Seat(name, f"tls://{name}"), replace(HELLO, name=name, slots=slots), ())


def added(flights: Flights, *those: Flight) -> None:
    for one in those:
        flights.add(one)


def test_who_has_most_to_spare_is_given_a_photo_and_nobody_more_than_its_slots() -> None:
    flights, workers = Flights(), (worker("small", 1), worker("large", 2))
    assert flights.idle(workers) == 3
    those = [flight(number) for number in range(1, 5)]
    added(flights, *those)
    assert len(flights.place(workers)) == 3
    assert [len(one.at_work) for one in workers] == [1, 2]
    assert flights.idle(workers) == 0
    flights.end(those[0], FREE)
    assert flights.place(workers) == [those[3]]


def test_a_photo_whose_worker_went_gets_the_next_one_to_itself_and_pays_if_that_goes() -> None:
    flights, workers = Flights(), (worker("one"), worker("two"))
    first, neighbour = flight(1), flight(2)
    added(flights, first, neighbour)
    assert len(flights.place(workers[:1])) == 2
    assert not flights.blames(first), "nobody knows which of them it was"
    assert not flights.blames(neighbour)
    flights.end(first, FREE)
    flights.end(neighbour, FREE)
    again, other = flight(1, 2), flight(3)
    added(flights, other)
    flights.place(workers[:1])
    added(flights, again)
    assert flights.place(workers[:1]) == [], "it is to have no neighbour"
    assert flights.idle(workers) == 0, "and nobody overtakes it"
    assert flights.place(workers) == [again]
    assert workers[1].idle == 0, "nor gets one later"
    assert flights.blames(again)


def test_a_photo_that_came_through_is_suspected_of_nothing() -> None:
    flights, workers = Flights(), (worker("one"),)
    first = flight(1)
    added(flights, first)
    flights.place(workers)
    flights.blames(first)
    flights.end(first, FREE)
    flights.clear(1)
    again = flight(1, 2)
    added(flights, again, flight(2))
    assert len(flights.place(workers)) == 2
    assert not flights.blames(again)


def test_each_attempt_ends_once_and_a_late_end_is_known_as_one() -> None:
    flights, workers = Flights(), (worker("one", 1),)
    silent = flight(1)
    added(flights, silent)
    flights.place(workers)
    assert flights.give_up(silent, FREE)
    assert [one.outcome for one in flights.take_ended()] == [FREE]
    assert flights.take_ended() == []
    assert flights.idle(workers) == 0, "who has it hangs on to it"
    again = flight(1, 2)
    added(flights, again)
    assert not flights.end(silent, FREE), "the zombie's"
    assert flights.jobs == (again.job,)
    assert flights.place(workers) == [again]
    assert flights.worker_of(1) is workers[0]


def test_a_worker_that_rests_or_is_refused_gets_nothing() -> None:
    resting, refused = worker("one"), replace_refused(worker("two"))
    assert resting.rests("its disk is full") == 2
    assert resting.rests("its disk is full") == 4
    assert (resting.idle, refused.idle) == (0, 0)
    resting.is_well()
    assert resting.idle == 2
    assert resting.rests("again") == 2


def replace_refused(one: Worker) -> Worker:
    return Worker(one.seat, one.hello, ("it is another version",))


@pytest.mark.parametrize(
    "change", [{"slots": 0}, {"slots": "2"}, {"name": 7}, {"version": "x" * 999}]
)
def test_a_hello_of_nobody_we_know_is_none(change: dict[str, object]) -> None:
    assert Hello.read(HELLO.told()) == HELLO
    with pytest.raises(NoHello):
        Hello.read(HELLO.told() | change)
    told = HELLO.told()
    del told["engine"]
    with pytest.raises(NoHello):
        Hello.read(told)
