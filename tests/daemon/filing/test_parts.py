"""A file that holds several photos is one to the ledger: all of its sets are filed, or none."""

from __future__ import annotations

import pytest
from house import PAGES, House

from daemon.errors import LedgerTrouble
from daemon.ledger import State

THREE = tuple(f"a_{page}_{name}.png".encode() for page in (1, 2, 3) for name in ("one", "two"))


def in_results(house: House) -> list[str]:
    found = house.results.rglob("*.png")
    return sorted(str(path.relative_to(house.results)) for path in found)


def test_each_page_gets_a_set_of_results(house: House) -> None:
    photo_id = house.put("a.tif", PAGES % 3)
    house.turn_until_rest()
    entry = house.entry(photo_id)
    assert entry.state is State.FILED
    assert entry.photo.names == THREE
    assert entry.filed is not None
    assert [part.page for part in entry.filed.parts] == [1, 2, 3]
    assert in_results(house) == sorted(name.decode() for name in THREE)


def test_names_that_somebody_has_renumber_all_pages(house: House) -> None:
    (house.results / "a_2_two.png").write_bytes(b"theirs")
    photo_id = house.put("a.tif", PAGES % 2)
    house.turn_until_rest()
    assert house.entry(photo_id).photo.names == (
        b"a_1-2_one.png", b"a_1-2_two.png", b"a_2-2_one.png", b"a_2-2_two.png",
    )  # fmt: skip
    assert (house.results / "a_2_two.png").read_bytes() == b"theirs"


def test_a_name_that_is_taken_while_the_file_is_at_work_renumbers_all_pages(house: House) -> None:
    house.workers.meanwhile = lambda: (house.results / "a_3_one.png").write_bytes(b"theirs")
    photo_id = house.put("a.tif", PAGES % 3)
    house.turn_until_rest()
    assert house.entry(photo_id).state is State.FILED
    assert len(in_results(house)) == 7
    assert (house.results / "a_3_one.png").read_bytes() == b"theirs"


def test_a_crash_at_work_leaves_the_names_as_they_are(house: House) -> None:
    photo_id = house.put("a.tif", PAGES % 3)
    house.workers.holding = True
    house.turn()
    house.crash()
    house.workers.holding = False
    house.turn_until_rest()
    assert house.entry(photo_id).photo.names == THREE
    assert in_results(house) == sorted(name.decode() for name in THREE)


def test_a_ledger_that_fails_between_names_and_plan_files_them_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names are reserved, the plan is not written: the same outcome is concluded again."""
    photo_id = house.put("a.tif", PAGES % 3)
    plan, failures = house.ledger.plan, [LedgerTrouble("the disk is full")]

    def failing(*args: object, **options: object) -> None:
        if failures:
            raise failures.pop()
        plan(*args, **options)  # type: ignore[arg-type] # handed on

    monkeypatch.setattr(house.ledger, "plan", failing)
    house.turn()
    with pytest.raises(LedgerTrouble):
        house.turn()
    house.turn_until_rest()
    assert house.entry(photo_id).photo.names == THREE
    assert in_results(house) == sorted(name.decode() for name in THREE)


def test_a_sub_folder_of_no_use_is_gone_round_by_all_pages(house: House) -> None:
    (house.results / "smith").write_bytes(b"theirs")
    photo_id = house.put("smith/a.tif", PAGES % 2)
    house.turn_until_rest()
    entry = house.entry(photo_id)
    assert entry.state is State.FILED
    assert {name.partition(b"/")[0] for name in entry.photo.names} == {b"smith-2"}
    assert len(in_results(house)) == 4
