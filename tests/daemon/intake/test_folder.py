"""One folder as the main loop sees it: real files, an explicit clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.settings import Folder
from daemon.intake.folder import WatchedFolder
from daemon.intake.hints import Hint
from daemon.log import events


class Watcher:
    """A front, its clock and its log."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 100.0
        self.away: str | None = None
        settings = Folder.model_validate(
            {"watch": folder, "results": folder.parent / "results", "settle_s": 1, "scan_s": 10}
        )
        self.front = WatchedFolder(
            settings, events.silent(), trouble=lambda: self.away, clock=lambda: self.now_s
        )
        self.front.events = True

    def turn(self, *hints: Hint, after_s: float = 0.0) -> list[bytes]:
        self.now_s += after_s
        return [sighting.path for sighting in self.front.turn(hints)]


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    (tmp_path / "inbox").mkdir()
    return Watcher(tmp_path / "inbox")


def put(watcher: Watcher, name: str) -> Hint:
    path = Path(watcher.front.folder) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"picture")
    return Hint(watcher.front.folder, name.encode(), tree=False)


def test_photos_that_were_there_at_the_start_were_missed_by_no_event(watcher: Watcher) -> None:
    put(watcher, "a.jpg")
    assert watcher.turn() == []
    assert watcher.turn(after_s=1) == [b"a.jpg"]
    watcher.turn(after_s=10)
    assert watcher.front.missed.count == 0


def test_photos_that_a_scan_alone_has_found_are_counted(watcher: Watcher) -> None:
    watcher.turn()
    put(watcher, "unannounced.jpg")
    watcher.turn(put(watcher, "announced.jpg"))
    assert watcher.turn(after_s=1) == [b"announced.jpg"]
    watcher.turn(after_s=9)
    assert watcher.turn(after_s=1) == [b"unannounced.jpg"]
    watcher.turn(after_s=5)
    assert watcher.front.missed.count == 1


def test_what_came_before_events_began_anew_was_missed_by_none(watcher: Watcher) -> None:
    """The folder is back, and its watch is made a moment after the scan that found it so."""
    watcher.turn()
    put(watcher, "a.jpg")
    watcher.front.scan_soon(watched_anew=True)
    watcher.turn()
    assert watcher.turn(after_s=1) == [b"a.jpg"]
    assert watcher.turn(after_s=3) == []
    assert watcher.front.missed.count == 0
    put(watcher, "b.jpg")
    watcher.turn(after_s=10)
    assert watcher.turn(after_s=1) == [b"b.jpg"]
    watcher.turn(after_s=3)
    assert watcher.front.missed.count == 1


def test_a_hint_at_a_tree_announces_all_that_lies_in_it(watcher: Watcher) -> None:
    watcher.turn()
    put(watcher, "roll/a.jpg")
    watcher.turn(Hint(watcher.front.folder, b"roll", tree=True))
    assert watcher.turn(after_s=1) == [b"roll/a.jpg"]
    watcher.turn(after_s=10)
    assert watcher.front.missed.count == 0


def test_a_folder_that_came_back_is_another_one(watcher: Watcher) -> None:
    watcher.turn()
    assert not watcher.front.exchanged
    watcher.away = "nothing is mounted there"
    watcher.turn(after_s=10)
    watcher.away = None
    put(watcher, "a.jpg")
    watcher.turn(after_s=60)
    assert watcher.front.exchanged
    watcher.turn(after_s=1)
    assert not watcher.front.exchanged
    watcher.turn(after_s=10)
    assert watcher.front.missed.count == 0


def test_another_folder_in_its_place_is_noticed(watcher: Watcher) -> None:
    watcher.turn()
    folder = Path(watcher.front.folder)
    folder.rename(folder.with_name("old"))
    folder.mkdir()
    watcher.turn(after_s=10)
    assert watcher.front.exchanged


def test_what_one_scan_has_found_settles_at_once(watcher: Watcher) -> None:
    """Files are seen in no order, each a little later than the one before."""
    for number in range(20):
        put(watcher, f"{number:02}.jpg")
    ticking = watcher.front._clock

    def tick() -> float:
        watcher.now_s += 0.001
        return ticking()

    watcher.front._clock = tick
    assert watcher.turn() == []
    assert watcher.turn(after_s=0.99) == []
    wait_s = watcher.front.next_turn_s() - watcher.now_s
    assert 0 < wait_s < 0.1
    assert watcher.turn(after_s=wait_s) == [f"{number:02}.jpg".encode() for number in range(20)]


def test_a_folder_is_scanned_more_often_where_events_cannot_be_relied_on(tmp_path: Path) -> None:
    settings = Folder.model_validate({"watch": tmp_path, "results": tmp_path.parent / "results"})
    front = WatchedFolder(settings, events.silent())
    assert front.scan_s == 2, "no events"
    front.events = True
    assert front.scan_s == 10
    front.silent_below = (f"{tmp_path}/nas",)
    assert front.scan_s == 2, "a share on a sub-folder"
    fixed = settings.model_copy(update={"scan_s": 7.0})
    assert WatchedFolder(fixed, events.silent()).scan_s == 7
