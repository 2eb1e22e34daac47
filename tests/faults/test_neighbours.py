"""A second user who may write to the results, and means no good or knows no better.

The daemon is a forked process that gave up root's rights; the neighbour is another one. What the
neighbour wants is in ``precious``: files of the daemon's user, under names as the daemon's own are.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from harness import wait_until
from house import BAD, House

from daemon.ledger import Ledger, State

DAEMON, NEIGHBOUR, GROUP = 54321, 54322, 54323
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="NOT TESTED: only root can be two users at once"
)


def fork_as(user: int, act: Callable[[], object]) -> int:
    """Do something as another user, in a process of its own."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setgroups([GROUP])
        os.setgid(GROUP)
        os.setuid(user)
        os.umask(0o022)
        act()
        status = 0
    except BaseException:  # noqa: BLE001 - a child must never return into the test
        traceback.print_exc()
    os._exit(status)


def done(child: int) -> None:
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def do_as(user: int, act: Callable[[], object]) -> None:
    done(fork_as(user, act))


@dataclass
class Street:
    """A house, and what a neighbour would like to have."""

    root: Path

    @property
    def results(self) -> Path:
        return self.root / "house" / "results"

    @property
    def precious(self) -> Path:
        return self.root / "precious"

    def daemon(self, act: Callable[[House], object]) -> Callable[[], None]:
        """What the daemon's user does with a house."""

        def live() -> None:
            os.umask(0o002)
            with Ledger.open(self.root / "house" / "ledger.sqlite") as ledger:
                act(House(self.root / "house", ledger))

        return live


@pytest.fixture
def street() -> Iterator[Street]:
    # Nobody but root may enter pytest's own directory.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        one = Street(Path(made))
        one.root.chmod(0o755)
        os.chown(one.root, DAEMON, GROUP)
        (one.root / "house").mkdir()
        one.results.mkdir()
        for name in ("12-1-99999999", "1-1-99999999", "day"):
            (one.precious / name).mkdir(parents=True)
        for folder in (one.precious, *one.precious.iterdir()):
            for name in ("0.png", "1.png", "a_one.png", "1-report-99999999", "b.jpg"):
                (folder / name).write_bytes(b"precious")
        for path in (one.root / "house", one.results, one.precious, *one.precious.rglob("*")):
            os.chown(path, DAEMON, GROUP)
        one.results.chmod(0o2775)
        yield one


def content(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_sub_folder_that_is_closed_to_the_daemon_costs_its_photos_their_names_only(
    street: Street,
) -> None:
    """A colleague's ``mkdir results/smith``, under a umask of 022."""
    do_as(NEIGHBOUR, (street.results / "smith").mkdir)
    do_as(NEIGHBOUR, (street.results / "failed").mkdir)

    def live(house: House) -> None:
        waits, other = house.put("smith/a.png"), house.put("b.png")
        bad = house.put("bad.png", BAD)
        house.turn_until_rest()
        assert house.entry(waits).photo.names == (b"smith-2/a_one.png", b"smith-2/a_two.png")
        assert house.entry(waits).photo.attempts == 1
        assert house.entry(other).state is State.FILED
        assert house.entry(bad).state is State.FAILED

    do_as(DAEMON, street.daemon(live))
    assert len(list((street.results / "failed-2").iterdir())) == 1


def test_results_that_are_closed_to_the_daemon_pause_it(street: Street) -> None:
    """Here it is the root, though its staging directory can still be written."""
    do_as(DAEMON, street.daemon(lambda _: None))
    os.chown(street.results, NEIGHBOUR, GROUP)
    street.results.chmod(0o755)

    def live(house: House) -> None:
        waits = house.put("smith/a.png")
        until_s = time.monotonic() + 10
        while house.filing.paused is None:
            assert time.monotonic() < until_s
            house.turn()
        assert "Permission denied" in house.filing.paused
        assert house.entry(waits).photo.attempts == 0
        paused.touch()
        house.turn_until_rest(pauses=True)
        assert house.entry(waits).photo.names == (b"smith/a_one.png", b"smith/a_two.png")

    paused = street.root / "house" / "paused"
    child = fork_as(DAEMON, street.daemon(live))
    wait_until(paused.exists)
    street.results.chmod(0o2775)
    done(child)


def test_what_a_neighbour_put_there_beforehand_harms_nothing(street: Street) -> None:
    def prepare() -> None:
        (street.results / ".matted-staging").symlink_to(street.precious)
        (street.results / "day").symlink_to(street.precious)
        (street.results / "failed").mkdir(mode=0o775)
        for photo in range(1, 5):
            os.mkfifo(street.results / "failed" / f"bad-{photo}.json")

    before = content(street.precious)
    do_as(NEIGHBOUR, prepare)

    def live(house: House) -> None:
        day, bad = house.put("day/a.png"), house.put("bad.png", BAD)
        house.turn()
        assert "Not a directory" in (house.filing.paused or "")
        (house.results / ".matted-staging").unlink()
        house.turn_until_rest(pauses=True)
        assert house.entry(day).photo.names[0] == b"day-2/a_one.png"
        assert house.entry(bad).state is State.FAILED

    do_as(DAEMON, street.daemon(live))
    assert content(street.precious) == before


def swap(street: Street, name: str, until: Path) -> None:
    """Put a link to what is precious in a directory's place and back, as fast as possible."""
    one, old = street.results / name, street.results / f".{name}-old"
    link = street.results / f".{name}-link"
    link.symlink_to(street.precious)
    while not until.exists():
        with contextlib.suppress(OSError):
            one.rename(old)
        with contextlib.suppress(OSError):
            link.rename(one)
        with contextlib.suppress(OSError):
            one.rename(link) if one.is_symlink() else None
        with contextlib.suppress(OSError):
            old.rename(one)
    with contextlib.suppress(OSError):
        link.unlink()


@pytest.mark.parametrize("name", [".matted-staging", "day"])
def test_a_race_for_a_directory_is_never_won(street: Street, name: str) -> None:
    """Each photo ends once, and nothing outside of the results is written, read or removed."""
    before = content(street.precious)
    stop = street.root / "house" / "stop"
    do_as(DAEMON, street.daemon(lambda _: (street.results / "day").mkdir()))
    neighbour = fork_as(NEIGHBOUR, lambda: swap(street, name, stop))

    def live(house: House) -> None:
        # A photo is given up once its names were hit often enough, which is not what is raced for.
        place = house.destination()
        patient = replace(place, limits=replace(place.limits, attempts=50))
        house.filing.serve({str(house.inbox): patient})
        house.put("day/bad.png", BAD)
        for number in range(25):
            house.put(f"day/{number}.png")
        until_s = time.monotonic() + 4
        while time.monotonic() < until_s:
            house.turn()
        stop.touch()
        time.sleep(0.2)
        house.turn_until_rest(pauses=True)
        counts = house.ledger.counts()
        why = [entry.reason for entry in house.ledger.entries(State.FAILED)]
        assert (counts[State.FILED], counts[State.FAILED]) == (25, 1), why
        named = [name for entry in house.ledger.entries(State.FILED) for name in entry.photo.names]
        assert len(set(named)) == 50
        # Where the neighbour has left the folder that was ``day`` at the time. One that was taken
        # away between the first and the last name of a set has a half one that is not looked for.
        shown = {path.name for path in house.results.rglob("*_*.png")}
        assert shown >= {os.path.basename(os.fsdecode(name)) for name in named}

    do_as(DAEMON, street.daemon(live))
    done(neighbour)
    assert content(street.precious) == before
