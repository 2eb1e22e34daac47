"""A hot folder gets pictures whole, and its answers count once, however late they come."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from station_stand_ins import hot_folder, redder


@pytest.fixture
def folders(house: Any) -> tuple[Path, Path]:
    to, back = house.root / "to", house.root / "back"
    to.mkdir()
    back.mkdir()
    return to, back


QUICK = {"to": "to", "back": "back", "settle_s": 0.3, "timeout_s": 20}


def test_the_station_s_answer_is_filed_and_nothing_is_left_there(
    house: Any, folders: tuple[Path, Path]
) -> None:
    stopping = threading.Event()
    station = threading.Thread(target=hot_folder, args=(*folders, stopping))
    station.start()
    assert house.asked("folder", **QUICK) == "filed"
    stopping.set()
    station.join()
    assert house.filed() == ["IMG_1_restored.png"]
    assert (house.answer()[:, :, 0] == 255).all()
    assert not any(folder_path for each in folders for folder_path in each.iterdir())


def test_what_is_sent_is_whole_and_says_what_it_is(
    house: Any, folders: tuple[Path, Path], await_: Any
) -> None:
    house.hand_over()
    house.worker("folder", **QUICK).start()
    await_(lambda: list(folders[0].glob("*.png")))
    (picture,) = folders[0].glob("*.png")
    told = json.loads(picture.with_suffix(".json").read_text())
    assert (told["path"], told["station"], told["sent"]) == ("IMG_1.png", "restored", "photo")
    (folders[1] / picture.name).write_bytes(redder(picture.read_bytes()))
    assert house.ended() == "filed"


def test_a_late_answer_and_one_that_comes_twice_are_filed_once(
    house: Any, folders: tuple[Path, Path], await_: Any
) -> None:
    house.hand_over()
    house.worker("folder", **{**QUICK, "timeout_s": 0.5}).start()
    await_(lambda: list(folders[0].glob("*.png")))
    (picture,) = folders[0].glob("*.png")
    content = picture.read_bytes()
    await_(lambda: house.book._run("SELECT 1 FROM handover WHERE tries > 1", ()))
    (folders[1] / f"{picture.stem}.png").write_bytes(redder(content))
    assert house.ended() == "filed"
    again = folders[1] / f"{picture.stem}.png"
    again.write_bytes(redder(content))
    house.hand_over(notice=1)  # told twice, as notices may be
    house.hand_over(notice=2)  # and redone
    await_(lambda: list(folders[0].glob("*-2-*.png")))
    assert house.filed() == ["IMG_1_restored.png"]
    assert again.exists(), "what is not expected any more is somebody else's"


def test_a_folder_that_is_gone_is_waited_for(
    house: Any, folders: tuple[Path, Path], await_: Any
) -> None:
    to, back = folders
    back.rmdir()
    house.hand_over()
    house.worker("folder", **QUICK).start()
    await_(lambda: house.book._run("SELECT 1 FROM handover WHERE tries > 2", ()))
    reason = house.book._run("SELECT reason, attempts FROM handover", ())[0]
    assert "back is not there" in reason["reason"]
    assert reason["attempts"] <= 1
    back.mkdir()
    await_(lambda: list(to.glob("*.png")))
    (picture,) = to.glob("*.png")
    (back / picture.name).write_bytes(redder(picture.read_bytes()))
    assert house.ended() == "filed"


def test_a_text_for_an_answer_is_cleared_away_and_asked_for_again(
    house: Any, folders: tuple[Path, Path], await_: Any
) -> None:
    to, back = folders
    house.hand_over()
    house.worker("folder", **QUICK).start()
    await_(lambda: list(to.glob("*.png")))
    (picture,) = to.glob("*.png")
    content = picture.read_bytes()
    (back / f"{picture.stem}.txt").write_text("Dear Emma, the picture is in the other letter.")
    await_(lambda: house.book._run("SELECT 1 FROM handover WHERE tries > 1", ()))
    await_(lambda: not list(back.iterdir()))
    (back / picture.name).write_bytes(redder(content))
    assert house.ended() == "filed"
