"""An answer is filed once, whole, and over nobody's file, wherever the program is cut short."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from daemon.stations import filing
from daemon.stations.book import Book
from daemon.stations.task import Handed

COPY = [sys.executable, "-c", "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"]
COPY += ["{picture}", "{answer}"]


def planned(house: Any) -> tuple[Any, Handed]:
    """As far as the plan of what is to be published."""
    worker = house.worker("command", command=COPY)
    house.hand_over()
    entry = house.book.due("station", 1e12)
    handed = worker._handed(entry)
    made = shutil.copy(house.source, house.root / "made.png")
    house.book.plan(entry, filing.staged(entry, handed, Path(made)))
    return entry, handed


def test_a_plan_that_was_not_carried_out_is(house: Any) -> None:
    planned(house)
    house.workers[0].start()
    assert house.ended() == "filed"
    assert house.filed() == ["IMG_1_restored.png"]


def test_one_that_was_carried_out_and_not_noted_is_not_again(house: Any) -> None:
    entry, handed = planned(house)
    (entry,) = house.book.publishing("station")
    filing.published(entry, handed, entry.plan, house.book)
    house.workers[0].start()
    assert house.ended() == "filed"
    assert house.filed() == ["IMG_1_restored.png"]


def test_what_was_staged_and_is_lost_is_asked_for_anew(house: Any) -> None:
    planned(house)
    for stage in (house.results / ".matted-staging").iterdir():
        shutil.rmtree(stage)
    house.workers[0].start()
    assert house.ended() == "filed"
    assert house.filed() == ["IMG_1_restored.png"]


def test_nobody_s_file_is_written_over(house: Any) -> None:
    (house.day / "IMG_1_restored.png").write_text("a stranger's")
    assert house.asked("command", command=COPY) == "filed"
    assert house.filed() == ["IMG_1_restored-2.png", "IMG_1_restored.png"]
    assert (house.day / "IMG_1_restored.png").read_text() == "a stranger's"


def test_results_that_cannot_be_written_are_waited_for(house: Any, await_: Any) -> None:
    """The staging directory is gone, as on the bare mount point of a disk that went away."""
    staging = house.results / ".matted-staging"
    os.rename(staging, house.root / "away")
    house.hand_over()
    house.worker("command", command=COPY).start()
    await_(lambda: house.book._run("SELECT 1 FROM handover WHERE tries > 2", ()))
    assert house.book._run("SELECT attempts FROM handover", ())[0]["attempts"] <= 1
    assert house.filed() == []
    os.rename(house.root / "away", staging)
    assert house.ended() == "filed"


def test_a_photo_whose_answers_ended_the_program_is_given_up(house: Any) -> None:
    house.hand_over()
    for _ in range(2):  # charged, and never heard of again
        house.book.charge(house.book.due("station", 1e12))
    house.worker("command", command=COPY).start()
    assert house.ended() == "its answers ended the program that looked at them"


def test_a_photo_is_noted_once_however_often_it_is_told(tmp_path: Path) -> None:
    with Book(tmp_path / "book") as book:
        for _ in range(3):
            book.add("ledger", 7, ["one", "two"], {"path": "a"}, 0.0)
        book.add("another ledger", 7, ["one"], {"path": "a"}, 0.0)
        assert book.counts() == {"waiting": 3}


@pytest.mark.parametrize("size", [(1, 1), (3001, 4)])
def test_odd_photos_are_sent_and_blended(house: Any, size: tuple[int, int]) -> None:
    import cv2  # noqa: PLC0415 - this test's alone
    import numpy as np  # noqa: PLC0415 - likewise

    width, height = size
    photo = np.full((height, width, 3), 90, np.uint8)
    cv2.imwrite(str(house.source), photo)
    cv2.imwrite(str(house.day / "IMG_1_matte.png"), np.full((height, width), 128, np.uint8))
    document = {**house.document, "size": [width, height]}
    house.book.add("a" * 32, 1, ["station"], document, 0.0)
    house.worker("command", command=COPY, blend="person").start()
    assert house.ended() == "filed"
    assert house.answer().shape == (height, width, 3)


@pytest.mark.parametrize("exchanged", ["before", "after"])
def test_a_sub_folder_that_is_of_no_use_is_gone_round(house: Any, exchanged: str) -> None:
    """Somebody puts a link in the place of the day's folder, before or after names are chosen."""
    elsewhere = house.root / "elsewhere"
    if exchanged == "after":
        planned(house)
    os.rename(house.day, elsewhere)
    house.day.symlink_to(elsewhere)
    if exchanged == "before":
        planned(house)
    house.workers[0].start()
    assert house.ended() == "filed"
    assert not (elsewhere / "IMG_1_restored.png").exists(), "no link is followed"
    assert len([*house.results.rglob("IMG_1_restored*.png")]) == 1
