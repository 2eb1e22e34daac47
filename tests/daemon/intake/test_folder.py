"""One folder as the main loop sees it: real files, an explicit clock."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.config.settings import Folder
from daemon.intake import folder as module
from daemon.intake.capability import Capability
from daemon.intake.folder import FolderTurn, WatchedFolder
from daemon.intake.hints import Hint
from daemon.log import events


class Watcher:
    """A folder, its clock and its log."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 100.0
        self.away: str | None = None
        settings = Folder.model_validate(
            {"watch": folder, "results": folder.parent / "results", "settle_s": 1, "scan_s": 10}
        )
        self.path = folder
        self.tick_s = 0.0
        self.folder = WatchedFolder(
            settings, events.silent(), trouble=lambda: self.away, clock=self._clock
        )
        assert self.folder.set_up(), "events come from a local file system"
        self.seen = FolderTurn()

    def _clock(self) -> float:
        self.now_s += self.tick_s
        return self.now_s

    def turn(self, *hints: Hint, after_s: float = 0.0) -> list[bytes]:
        self.now_s += after_s
        self.seen = self.folder.turn(hints)
        return [sighting.path for sighting in self.seen.settled]

    @property
    def missed(self) -> int:
        return self.folder.news().missed


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    (tmp_path / "inbox").mkdir()
    return Watcher(tmp_path / "inbox")


def put(watcher: Watcher, name: str) -> Hint:
    path = watcher.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"picture")
    return Hint(str(watcher.path), name.encode(), tree=False)


def test_photos_that_were_there_at_the_start_were_missed_by_no_event(watcher: Watcher) -> None:
    put(watcher, "a.jpg")
    assert watcher.turn() == []
    assert watcher.turn(after_s=1) == [b"a.jpg"]
    watcher.turn(after_s=10)
    assert watcher.missed == 0


def test_photos_that_a_scan_alone_has_found_are_counted(watcher: Watcher) -> None:
    watcher.turn()
    put(watcher, "unannounced.jpg")
    watcher.turn(put(watcher, "announced.jpg"))
    assert watcher.turn(after_s=1) == [b"announced.jpg"]
    watcher.turn(after_s=9)
    assert watcher.turn(after_s=1) == [b"unannounced.jpg"]
    watcher.turn(after_s=5)
    assert watcher.missed == 1


def test_what_came_before_events_began_anew_was_missed_by_none(watcher: Watcher) -> None:
    """The folder is back, and its watch is made a moment after the scan that found it so."""
    watcher.turn()
    put(watcher, "a.jpg")
    watcher.folder.scan_soon(watched_anew=True)
    watcher.turn()
    assert watcher.turn(after_s=1) == [b"a.jpg"]
    assert watcher.turn(after_s=3) == []
    assert watcher.missed == 0
    put(watcher, "b.jpg")
    watcher.turn(after_s=10)
    assert watcher.turn(after_s=1) == [b"b.jpg"]
    watcher.turn(after_s=3)
    assert watcher.missed == 1


def test_a_hint_at_a_tree_announces_all_that_lies_in_it(watcher: Watcher) -> None:
    watcher.turn()
    put(watcher, "roll/a.jpg")
    watcher.turn(Hint(str(watcher.path), b"roll", tree=True))
    assert watcher.turn(after_s=1) == [b"roll/a.jpg"]
    watcher.turn(after_s=10)
    assert watcher.missed == 0


def test_many_that_are_due_at_once_settle_in_portions_the_oldest_first(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first of twenty thousand waits until each of them has been looked at."""
    monkeypatch.setattr(module, "_PORTION", 2)
    for age, name in enumerate("edcba"):
        put(watcher, name + ".jpg")
        os.utime(watcher.path / f"{name}.jpg", (age, age))
    watcher.turn()
    assert watcher.turn(after_s=1) == [b"e.jpg", b"d.jpg"]
    assert watcher.folder.next_turn_s() == watcher.now_s
    (watcher.path / "c.jpg").unlink()
    (watcher.path / "b.jpg").write_bytes(b"another")
    assert watcher.turn() == [], "one is gone and one has changed by now"
    assert watcher.turn() == [b"a.jpg"]
    assert watcher.folder.next_turn_s() == watcher.now_s + 1, "then the one that has changed"
    assert watcher.turn(after_s=1) == [b"b.jpg"]


def test_a_scan_settles_what_was_still_to_be_looked_at(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PORTION", 1)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        put(watcher, name)
    watcher.turn()
    first = watcher.turn(after_s=1)
    watcher.folder.scan_soon()
    assert sorted(first + watcher.turn()) == [b"a.jpg", b"b.jpg", b"c.jpg"]
    assert watcher.turn() == []
    assert watcher.folder.next_turn_s() > watcher.now_s


def test_a_folder_that_came_back_is_another_one(watcher: Watcher) -> None:
    watcher.turn()
    assert not watcher.seen.exchanged
    watcher.away = "nothing is mounted there"
    watcher.turn(after_s=10)
    watcher.away = None
    put(watcher, "a.jpg")
    watcher.turn(after_s=60)
    assert watcher.seen.exchanged
    watcher.turn(after_s=1)
    assert not watcher.seen.exchanged
    watcher.turn(after_s=10)
    assert watcher.missed == 0


def test_another_folder_in_its_place_is_noticed(watcher: Watcher) -> None:
    watcher.turn()
    folder = watcher.path
    folder.rename(folder.with_name("old"))
    folder.mkdir()
    watcher.turn(after_s=10)
    assert watcher.seen.exchanged


def test_what_one_scan_has_found_settles_at_once(watcher: Watcher) -> None:
    """Files are seen in no order, each a little later than the one before."""
    for number in range(20):
        put(watcher, f"{number:02}.jpg")
    watcher.tick_s = 0.001
    assert watcher.turn() == []
    assert watcher.turn(after_s=0.99) == []
    wait_s = watcher.folder.next_turn_s() - watcher.now_s
    assert 0 < wait_s < 0.1
    assert watcher.turn(after_s=wait_s) == [f"{number:02}.jpg".encode() for number in range(20)]


def test_a_folder_is_scanned_more_often_where_events_cannot_be_relied_on(tmp_path: Path) -> None:
    assert Capability().scan_s("auto") == 2, "no events"
    heard = Capability("ext4", local=True, events=True)
    assert heard.scan_s("auto") == 10
    assert replace(heard, silent_below=(f"{tmp_path}/nas",)).scan_s("auto") == 2, "a share below"
    assert heard.scan_s(7.0) == 7, "the settings say so"


def test_a_turn_says_why_nothing_can_be_seen_and_looks_less_and_less_often(
    watcher: Watcher,
) -> None:
    put(watcher, "a.jpg")
    watcher.turn()
    watcher.away = "nothing is mounted there"
    waits_s = []
    watcher.now_s += 10
    for _ in range(5):
        assert watcher.turn() == [], "nothing settles that cannot be seen"
        assert watcher.seen == FolderTurn(paused="nothing is mounted there")
        waits_s.append(watcher.folder.next_turn_s() - watcher.now_s)
        watcher.now_s = watcher.folder.next_turn_s()
    assert waits_s == [10, 20, 40, 60, 60]
    assert watcher.folder.news().paused == "nothing is mounted there"


def test_a_folder_that_goes_away_during_a_scan_says_nothing_of_what_is_missing(
    watcher: Watcher,
) -> None:
    """All its photos would seem deleted."""
    put(watcher, "a.jpg")
    answers = iter([None, "nothing is mounted there"])
    folder = WatchedFolder(
        Folder.model_validate({"watch": watcher.path, "results": watcher.path.parent / "results"}),
        events.silent(),
        trouble=lambda: next(answers),
    )
    seen = folder.turn()
    assert seen.last_scan is None
    assert seen.paused == "nothing is mounted there"


def test_a_file_that_is_open_for_writing_settles_only_when_it_is_closed(watcher: Watcher) -> None:
    with (watcher.path / "a.jpg").open("wb") as file:
        file.write(b"reserved in full, and not yet written")
        file.flush()
        watcher.turn()
        for _ in range(3):
            assert watcher.turn(after_s=1) == []
    assert watcher.turn(after_s=1) == [b"a.jpg"]
