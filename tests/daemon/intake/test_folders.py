"""All watched folders and the real ledger: what settles comes in, what is gone goes out."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from daemon.config.settings import Folder
from daemon.errors import InUse, LedgerTrouble
from daemon.intake import claims
from daemon.intake import folders as module
from daemon.intake.claim import Claim, Rhythm
from daemon.intake.folders import WatchedFolders
from daemon.intake.identity import Identities
from daemon.ledger import Ledger, State
from daemon.log import events


class Watching:
    """Watched folders below one root, turned by hand."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        self.root = root
        self.ledger = ledger
        self.folders = WatchedFolders(
            ledger,
            Identities(root / "state"),
            owner="me",
            wake=lambda: None,
            log=events.silent(),
        )

    def settings(self, name: str, **changes: object) -> Folder:
        inbox = self.root / name
        inbox.mkdir(exist_ok=True)
        (self.root / f"{name}-results").mkdir(exist_ok=True)
        given = {"watch": inbox, "results": f"{inbox}-results", "settle_s": 0.1, "scan_s": 0.2}
        return Folder.model_validate(given | changes, context={"base": self.root})

    def turn(self, *, times: int = 1) -> None:
        for _ in range(times):
            time.sleep(max(0.0, self.folders.next_turn_s() - time.monotonic()))
            self.folders.turn()

    def states(self) -> dict[str, State]:
        found = (entry for state in State for entry in self.ledger.entries(state))
        return {f"{Path(e.photo.folder).name}/{e.photo.shown}": e.state for e in found}


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    (tmp_path / "state").mkdir()
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        one = Watching(tmp_path, ledger)
        yield one
        one.folders.stop()
        one.folders.close()


def turn_until(watching: Watching, wanted: dict[str, State]) -> None:
    until_s = time.monotonic() + 20
    while watching.states() != wanted:
        assert time.monotonic() < until_s, watching.states()
        watching.turn()


def test_what_settles_comes_into_the_ledger_and_what_is_deleted_goes_out(
    watching: Watching,
) -> None:
    watching.folders.watch((watching.settings("in"), watching.settings("other")))
    (watching.root / "in" / "a.png").write_bytes(b"picture")
    (watching.root / "other" / "b.png").write_bytes(b"picture")
    turn_until(watching, {"in/a.png": State.WAITING, "other/b.png": State.WAITING})
    (watching.root / "in" / "a.png").unlink()
    turn_until(watching, {"in/a.png": State.GONE, "other/b.png": State.WAITING})


def test_nothing_is_taken_for_deleted_in_a_folder_that_is_away(watching: Watching) -> None:
    inbox = watching.root / "in"
    (watching.root / "other").mkdir()
    watching.folders.watch((watching.settings("in"),))
    (inbox / "a.png").write_bytes(b"picture")
    turn_until(watching, {"in/a.png": State.WAITING})
    inbox.rename(watching.root / "away")
    while not watching.folders.paused:
        watching.turn()
    assert watching.folders.paused == {str(inbox): "cannot be read: No such file or directory"}
    assert watching.folders.news()[str(inbox)].paused == watching.folders.paused[str(inbox)]
    watching.turn(times=2)
    assert watching.states() == {"in/a.png": State.WAITING}
    (watching.root / "away").rename(inbox)
    while watching.folders.paused:
        watching.turn()
    assert watching.states() == {"in/a.png": State.WAITING}


def test_a_marker_that_is_missing_pauses_its_folder_alone(watching: Watching) -> None:
    marked = watching.settings("in", marker=".here")
    watching.folders.watch((marked, watching.settings("other")))
    (watching.root / "in" / "a.png").write_bytes(b"picture")
    (watching.root / "other" / "b.png").write_bytes(b"picture")
    turn_until(watching, {"other/b.png": State.WAITING})
    assert list(watching.folders.paused.values()) == ["its marker .here is not there"]
    (watching.root / "in" / ".here").touch()
    turn_until(watching, {"in/a.png": State.WAITING, "other/b.png": State.WAITING})


def test_the_oldest_is_taken_in_first_and_no_more_than_a_portion_at_once(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PORTION", 2)
    for age, name in enumerate("edcba"):
        path = watching.root / "in" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"picture")
        os.utime(path, (age, age))
    watching.folders.watch((watching.settings("in"),))
    seen: list[list[str]] = []
    while not seen or len(seen[-1]) < 5:
        watching.turn()
        seen.append(sorted(watching.states()))
    sizes = [len(one) for one in seen if one]
    assert sizes[0] == 2
    assert seen[len(seen) - len(sizes)] == ["in/d.png", "in/e.png"]
    assert max(after - before for before, after in itertools.pairwise(sizes)) <= 2


def test_a_turn_is_followed_by_a_rest_in_which_photos_at_work_have_the_core(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching.folders.watch((watching.settings("in"),))
    watching.turn()
    later_s = time.monotonic() + 1e6  # nothing else is due by then
    told_s = iter(later_s + at_s for at_s in (0, 0.05, 1000, 1060))
    monkeypatch.setattr(
        module, "time", SimpleNamespace(monotonic=lambda: next(told_s), time=time.time)
    )
    watching.folders.turn()
    assert watching.folders.next_turn_s() == pytest.approx(later_s + 0.05 + 0.05, abs=1e-3)
    watching.folders.turn()
    assert watching.folders.next_turn_s() == pytest.approx(later_s + 1060 + 0.1, abs=1e-3)


def test_what_was_seen_while_the_ledger_failed_is_taken_in_when_it_works(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LedgerTrouble("the ledger: disk I/O error")

    watching.folders.watch((watching.settings("in"),))
    (watching.root / "in" / "a.png").write_bytes(b"picture")
    with monkeypatch.context() as broken:
        broken.setattr(watching.ledger, "notice_all", fail)
        with pytest.raises(LedgerTrouble):
            watching.turn(times=50)
        assert watching.folders.next_turn_s() <= time.monotonic(), "at once, when it can"
    watching.folders.turn()
    assert watching.states() == {"in/a.png": State.WAITING}


def test_a_reload_goes_on_with_the_folders_that_stay_the_same(watching: Watching) -> None:
    """What is settling there need not begin anew, nor is it forgotten that one is away."""
    same, away = watching.settings("in"), watching.settings("away")
    watching.folders.watch((same, away))
    (watching.root / "away").rename(watching.root / "unplugged")
    watching.turn(times=3)
    assert list(watching.folders.paused) == [str(watching.root / "away")]
    watching.folders.watch((same, away, watching.settings("new")))
    assert list(watching.folders.paused) == [str(watching.root / "away")]
    watching.folders.watch((same,))
    assert not watching.folders.paused
    assert watching.folders.folders == (str(watching.root / "in"),)


def test_a_folder_of_another_daemon_is_refused_and_the_others_are_watched_on(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "Claim", partial(Claim, rhythm=Rhythm(0.1, 1.0)))
    rival = WatchedFolders(
        watching.ledger,
        Identities(watching.root / "state"),
        owner="a rival",
        wake=lambda: None,
        log=events.silent(),
    )
    theirs, ours = watching.settings("theirs"), watching.settings("in")
    watching.folders.watch((ours,))
    try:
        rival.watch((theirs,))
        rival.turn()
        with pytest.raises(InUse):
            watching.folders.watch((ours, theirs))
        assert watching.folders.folders == (str(watching.root / "in"),)
        (watching.root / "in" / "a.png").write_bytes(b"picture")
        turn_until(watching, {"in/a.png": State.WAITING})
    finally:
        rival.stop()
        rival.close()
