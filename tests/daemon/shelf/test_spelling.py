"""A name that a disk does not take becomes one that it takes, and no other name changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.shelf import names, roots
from daemon.shelf.spelling import HARD, fitted, taken_by


@pytest.fixture
def handles(results: Path) -> Iterator[tuple[int, int]]:
    with roots.opened(results) as handles:
        yield handles


def test_a_disk_that_takes_a_name_keeps_it(handles: tuple[int, int], results: Path) -> None:
    for name in HARD:
        assert fitted(*handles, b"sub/" + name) == b"sub/" + name
    assert [path.name for path in results.rglob("*")] == [".matted-staging"]


def test_names_longer_than_any_disk_takes_are_cut_but_not_within_a_character(
    handles: tuple[int, int],
) -> None:
    wanted = ("\u00e4" * 140 + "_matte.png").encode()
    found = taken_by(handles[1], wanted)
    assert len(found) <= 143
    assert found.decode().endswith("_matte.png")
    assert taken_by(handles[1], found) == found


def test_a_sub_folder_of_no_use_is_gone_round_only_if_asked(
    handles: tuple[int, int], results: Path
) -> None:
    (results / "day").mkdir()
    (results / "day/smith").write_bytes(b"a file")
    (results / "day/smith-2").symlink_to(results)
    assert fitted(*handles, b"day/smith/a.png") == b"day/smith/a.png"
    assert fitted(*handles, b"day/smith/a.png", aside=True) == b"day/smith-3/a.png"


def test_a_sub_folder_that_was_of_no_use_a_moment_ago_is_gone_round_too(
    handles: tuple[int, int], results: Path
) -> None:
    (results / "day-2").write_bytes(b"a file")
    without = {b"day/smith", b"day-3/smith"}
    assert fitted(*handles, b"day/smith/a.png", without=without) == b"day-4/smith/a.png"
    assert fitted(*handles, b"day/a.png", without=without) == b"day/a.png"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Matte", "matte"),
        ("stra\u00dfe", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("a.", "a"),
        ("a/b ", "A/b"),
    ],
)
def test_names_are_compared_as_the_least_exact_disk_does(one: str, other: str) -> None:
    assert names.key(one) == names.key(other)
    assert names.key(one) != names.key("b" + other)


def test_a_component_keeps_whole_characters_at_its_end_too() -> None:
    wanted = os.fsencode("\u20ac" * 100 + ".png")
    for limit in range(30, 60):
        names.fit(wanted, limit, "12345678").decode()
