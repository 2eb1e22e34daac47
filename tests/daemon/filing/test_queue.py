"""One photo's trouble is its own: the others are filed, and nothing ends or pauses but for a disk.

Ledger, shelf and decisions are the real ones; the photo processes are this process, and their work
is to write two small files.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from house import BAD, House

from daemon.config.profiles import Output, Profile
from daemon.errors import ResultsTrouble
from daemon.filing import disks
from daemon.filing.destinations import Destinations
from daemon.ledger import State
from daemon.ledger.notices import Notices


def of_no_use(at: Path, kind: str, private: Path) -> None:
    """What makes a sub-folder of the results unusable; a closed one takes a second user."""
    at.parent.mkdir(parents=True, exist_ok=True)
    private.mkdir(exist_ok=True)
    if kind == "a file":
        at.write_bytes(b"theirs")
    else:
        at.symlink_to(private)


KINDS = pytest.mark.parametrize("kind", ["a file", "a link"])


@KINDS
def test_a_sub_folder_of_no_use_keeps_only_its_photo_waiting(
    house: House, tmp_path: Path, kind: str
) -> None:
    of_no_use(house.results / "smith", kind, tmp_path / "private")
    waits, others = house.put("smith/a.png"), [house.put(f"{n}.png") for n in range(3)]
    house.turn()
    assert "not a folder" in (house.entry(waits).reason or "")
    house.turn_until_rest()
    assert all(house.entry(photo_id).state is State.FILED for photo_id in others)
    entry = house.entry(waits)
    assert entry.photo.names == (b"smith-2/a_one.png", b"smith-2/a_two.png")
    assert entry.filed is not None
    assert not entry.filed.warnings, "nothing of the photo is lost by that"
    assert entry.photo.attempts == 1, "waiting costs none"
    assert not list((tmp_path / "private").iterdir())


def test_a_sub_folder_that_is_mended_in_time_is_used(house: House, tmp_path: Path) -> None:
    of_no_use(house.results / "smith", "a file", tmp_path / "private")
    waits = house.put("smith/a.png")
    house.turn()
    (house.results / "smith").unlink()
    house.turn_until_rest()
    assert house.entry(waits).photo.names == (b"smith/a_one.png", b"smith/a_two.png")
    assert house.entry(waits).photo.attempts == 1


def test_a_result_in_place_of_a_sub_folder_is_gone_round(house: House) -> None:
    """``a.png`` is filed as ``a_one.png``; then comes a folder of that name into the inbox."""
    house.put("a.png")
    house.turn_until_rest()
    house.put("a_one.png/b.png")
    house.turn_until_rest()
    assert house.filed() == [
        "a_one.png",
        "a_one.png-2/b_one.png",
        "a_one.png-2/b_two.png",
        "a_two.png",
    ]


@KINDS
def test_a_sub_folder_that_is_exchanged_at_the_last_moment_leaves_no_half_set(
    house: House, tmp_path: Path, kind: str
) -> None:
    of_no_use_now = house.results / "smith"
    house.workers.meanwhile = lambda: of_no_use(of_no_use_now, kind, tmp_path / "private")
    waits = house.put("smith/a.png")
    house.turn()
    house.workers.meanwhile = lambda: None
    other = house.put("b.png")
    house.turn_until_rest()
    assert house.entry(other).state is State.FILED
    assert house.entry(waits).photo.names == (b"smith-2/a_one.png", b"smith-2/a_two.png")
    assert set(house.filed()) >= {"smith-2/a_one.png", "smith-2/a_two.png", "b_one.png"}
    assert not list((tmp_path / "private").iterdir())
    assert not list((house.results / ".matted-staging").iterdir())


def test_what_a_neighbour_takes_away_again_and_again_is_not_the_photos_fault(house: House) -> None:
    """More often than a photo is tried for faults of its own."""

    def take_away() -> None:
        for path in (house.results / ".matted-staging").rglob("*.png"):
            path.unlink()

    real = house.ledger.plan
    planned = lambda *args, **named: (real(*args, **named), take_away())  # noqa: E731
    house.ledger.plan = planned  # type: ignore[method-assign, assignment] # nobody reads the answer
    photo = house.put("smith/a.png")
    for _ in range(4):
        house.turn()
        house.turn()
        time.sleep(0.12)
    house.ledger.plan = real  # type: ignore[method-assign]
    house.turn_until_rest()
    entry = house.entry(photo)
    assert entry.state is State.FILED, entry.reason
    assert entry.photo.attempts <= 1
    assert entry.photo.names == (b"smith-2/a_one.png", b"smith-2/a_two.png")


def test_a_staging_directory_that_is_exchanged_for_a_moment_pauses_and_charges_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks whether the disk is in order finds it in order."""
    photo = house.put("smith/a.png")
    staging = house.results / ".matted-staging"

    def exchange() -> None:
        staging.rename(house.root / "old")
        staging.symlink_to(house.root / "old")

    def put_back(*_: object) -> None:
        if staging.is_symlink():
            staging.unlink()
            (house.root / "old").rename(staging)

    whole = disks.Disks.try_out

    def try_out(self: disks.Disks, destinations: Destinations) -> None:
        put_back()
        whole(self, destinations)

    monkeypatch.setattr(disks.Disks, "try_out", try_out)
    for _ in range(8):
        house.workers.meanwhile = exchange
        house.turn()
        house.turn()
        time.sleep(0.05)
        put_back()
    house.workers.meanwhile = lambda: None
    house.turn_until_rest(pauses=True)
    entry = house.entry(photo)
    assert entry.state is State.FILED, entry.reason
    assert entry.photo.names == (b"smith/a_one.png", b"smith/a_two.png")
    assert entry.photo.attempts <= 1


def test_a_plan_that_cannot_be_carried_out_at_the_start_stops_nobody(house: House) -> None:
    """One of two names was given when the power went; now the other's folder is a file."""
    house.profile = house.profile.model_copy(update={"file_as": "{output}/{stem}{ext}"})
    house.start()
    planned = house.put("a.png")
    taken = house.results / "two"
    house.workers.meanwhile = lambda: taken.write_bytes(b"theirs")
    house.turn()
    house.turn()
    assert house.entry(planned).state is State.PUBLISHING
    house.workers.meanwhile = lambda: None
    other = house.put("b.png")
    house.start()
    house.turn_until_rest()
    assert house.entry(planned).photo.names == (b"one/a.png", b"two-2/a.png")
    assert house.entry(other).photo.names == (b"one/b.png", b"two-2/b.png")
    assert house.filed() == ["one/a.png", "one/b.png", "two", "two-2/a.png", "two-2/b.png"]


@KINDS
def test_reports_go_elsewhere_if_their_folder_is_of_no_use(
    house: House, tmp_path: Path, kind: str
) -> None:
    of_no_use(house.results / "failed", kind, tmp_path / "private")
    bad, good = house.put("bad.png", BAD), house.put("good.png")
    house.turn_until_rest()
    assert house.entry(bad).state is State.FAILED
    assert house.entry(good).state is State.FILED
    assert [path.name for path in (house.results / "failed-2").iterdir()] == [f"bad-{bad}.json"]
    assert not list((tmp_path / "private").iterdir())


def test_a_report_that_can_be_written_nowhere_is_done_without(house: House) -> None:
    for number in range(1, 10):
        name = f"failed-{number}" if number > 1 else "failed"
        (house.results / name).write_bytes(b"theirs")
    bad, good = house.put("bad.png", BAD), house.put("good.png")
    house.turn_until_rest()
    assert "there is no report" in (house.entry(bad).reason or "")
    assert house.entry(good).state is State.FILED


def test_a_fault_of_ours_is_charged_to_its_photo_and_ends_nothing(house: House) -> None:
    """Two outputs that a folding disk takes for one pass no check any more; they did once."""
    whole = house.profile
    same = tuple(Output.model_validate({"matte": {"name": name}}) for name in ("Matte", "matte"))
    house.profile = whole.model_copy(update={"outputs": same})
    house.start()
    trips = house.put("a.png")
    for _ in range(3):
        house.turn()
        time.sleep(0.05)
    house.turn_until_rest()
    entry = house.entry(trips)
    assert entry.state is State.FAILED
    assert entry.photo.attempts == 3
    assert "tried 3 times" in (entry.reason or "")
    assert len(list((house.results / "failed").iterdir())) == 1
    house.profile = whole
    house.start()
    assert house.entry(house.put("b.png")).state is State.WAITING
    house.turn_until_rest()
    assert house.filed() == ["b_one.png", "b_two.png"]


def test_a_root_that_is_of_no_use_pauses_and_charges_nothing(house: House) -> None:
    waits = house.put("a.png")
    house.results.rename(house.root / "unplugged")
    house.turn()
    assert house.filing.paused is not None
    assert house.entry(waits).photo.attempts == 0
    (house.root / "unplugged").rename(house.results)
    time.sleep(0.03)
    house.turn_until_rest()
    assert house.filed() == ["a_one.png", "a_two.png"]


def test_whoever_hears_of_photos_hears_of_each_end_once(house: House) -> None:
    """It is written with the state that it tells of: neither is there without the other."""
    with Notices(house.ledger.path, None) as notices:
        good, bad = house.put("a.png"), house.put("bad.png", BAD)
        house.turn_until_rest()
        told = {one.document["photo"]: one for one in notices.next()}
        assert {photo: str(one.kind) for photo, one in told.items()} == {
            good: "filed",
            bad: "quarantined",
        }
        results = told[good].document["results"]
        for result in results:
            file = house.results / result["path"]
            assert result["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert [result["path"] for result in results] == ["a_one.png", "a_two.png"]


def test_a_missing_background_is_nobodys_photo_and_pauses(house: House) -> None:
    """The disk is in order, but that says nothing about a file that the settings name."""

    def meanwhile() -> None:
        raise ResultsTrouble("background /away.png: is not there", 0)

    house.workers.meanwhile = meanwhile
    waits = house.put("a.png")
    house.turn()
    house.turn()
    assert house.filing.paused == "background /away.png: is not there"
    assert house.entry(waits).photo.attempts == 0


def test_profiles_refuse_outputs_that_a_folding_disk_takes_for_one() -> None:
    for one, other in (("Matte", "matte"), ("caf\u00e9", "cafe\u0301"), ("stra\u00dfe", "STRASSE")):
        outputs = [{"matte": {"name": one}}, {"matte": {"name": other}}]
        with pytest.raises(ValueError, match="two outputs are named"):
            Profile.model_validate({"outputs": outputs})
