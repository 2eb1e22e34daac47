"""Photos worked through again: a new set beside the old one, whatever happens meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from harness import Daemon, wait_until, write_photo

from daemon.ledger import Ledger, State

Make = Callable[..., Daemon]
PROFILES = {
    "plain": {"preprocess": [], "outputs": ["matte"]},
    "both": {"preprocess": [], "outputs": ["matte", "foreground"]},
}


def redo(one: Daemon, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon", "redo", *words, "--config", str(one.config)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def ledger(one: Daemon) -> Ledger:
    return Ledger.open(one.root / "state" / "ledger.sqlite", read_only=True)


def filed(one: Daemon, count: int) -> None:
    one.await_("photo.filed", count=count)


def test_a_photo_is_filed_beside_its_first_results_and_both_are_known(daemon: Make) -> None:
    one = daemon(profiles=PROFILES)
    one.start()
    write_photo(one.inbox / "a.png", red=90)
    filed(one, 1)
    (first,) = one.mattes()
    before = (one.results / first).read_bytes()
    assert redo(one, "1", "--profile", "both").stdout == "photo 1: a.png will be redone\n"
    filed(one, 2)
    stem = first.removesuffix("_matte.png")
    assert one.mattes() == sorted([first, f"{stem}-2_matte.png", f"{stem}-2_foreground.png"])
    assert (one.results / first).read_bytes() == before
    with ledger(one) as known:
        (old,) = known.history(1)
        entry = known.entry(1)
    assert old.names == (first.encode(),)
    assert entry is not None
    assert len(entry.photo.names) == 2
    assert entry.photo.redo is None
    assert redo(one, str(one.results / first)).returncode == 1, "an old result is forgotten as such"
    one.stop()


@pytest.mark.parametrize("where", ["kept", "archived", "renamed"])
def test_the_original_is_found_where_it_lies_now_and_stays_there(daemon: Make, where: str) -> None:
    folder = {"originals": "archive", "archive": "archive"} if where == "archived" else {}
    one = daemon(folder=folder)
    one.start()
    (one.inbox / "sub").mkdir()
    photo = write_photo(one.inbox / "sub" / "a.png", red=90)
    filed(one, 1)
    content = None
    if where == "archived":
        one.await_("source.disposed")
        (moved,) = (path for path in (one.root / "archive").rglob("a*.png"))
        content = moved.read_bytes()
    if where == "renamed":
        photo.rename(one.inbox / "other.png")
        filed(one, 2)  # under its new name, which is another photo
    done = 2 if where == "renamed" else 1
    time.sleep(1)
    assert redo(one, "1").returncode == 0
    filed(one, done + 1)
    time.sleep(1.5)  # some scans
    assert len(one.mattes()) == done + 1
    if content is not None:
        assert moved.read_bytes() == content
    with ledger(one) as known:
        assert known.counts()[State.FILED] == done
        assert known.counts()[State.GONE] == 0
    one.stop()


def test_a_result_that_was_deleted_can_be_had_again_under_its_name(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    filed(one, 1)
    (name,) = one.mattes()
    content = (one.results / name).read_bytes()
    (one.results / name).unlink()
    assert redo(one, str(one.results / name)).returncode == 0, "a result's name is enough"
    filed(one, 2)
    assert one.mattes() == [name]
    assert (one.results / name).read_bytes() == content
    for count in (3, 4):  # and again, and once more
        assert redo(one, str(one.inbox / "a.png")).returncode == 0
        filed(one, count)
    assert len(one.mattes()) == 3
    with ledger(one) as known:
        assert len(known.history(1)) == 3
    one.stop()


def test_what_cannot_be_redone_is_told_in_one_line_each(daemon: Make) -> None:
    one = daemon(folder={"give_up_s": 0}, profiles=PROFILES)
    one.start()
    gone = write_photo(one.inbox / "gone.png")
    (one.inbox / "bad.png").write_bytes(b"no photo at all")
    filed(one, 1)
    one.await_("photo.quarantined")
    gone.unlink()
    with ledger(one) as known:
        good = known.entries(State.FILED)[0].photo.id
        bad = known.entries(State.FAILED)[0].photo.id
    said = redo(one, str(good), str(bad), "99", str(one.root / "nothing.png"))
    assert said.returncode == 1
    lines = said.stderr.splitlines()
    assert len(lines) == 4
    assert "its original is not there any more" in lines[0]
    assert f"matted retry {bad}` tries it again" in lines[1]
    assert "no photo of this number" in lines[2]
    assert "neither a photo's number nor" in lines[3]
    for wrong in (("--profile", "bth"), ("--engine", "bhsm")):
        refused = redo(one, str(good), *wrong)
        assert refused.returncode == 2
        assert "there are" in refused.stderr
    retried = subprocess.run(
        [sys.executable, "-m", "daemon", "retry", str(good), "--config", str(one.config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"matted redo {good}` files it anew" in retried.stderr
    one.stop()


def test_another_file_in_the_place_of_the_original_is_never_filed_as_it(daemon: Make) -> None:
    one = daemon()
    one.start()
    photo = write_photo(one.inbox / "a.png", red=90)
    filed(one, 1)
    one.stop()
    assert redo(one, "1").returncode == 0  # waits until the daemon runs again
    content = photo.read_bytes()
    write_photo(photo, red=10)
    os.utime(photo)
    one.start()
    one.await_("photo.quarantined")
    reason = one.said("photo.quarantined")[0]["reason"]
    assert "its original is not what was filed" in reason
    assert photo.read_bytes() != content
    filed(one, 2)  # the new one, as what it is
    one.stop()


def test_an_original_that_goes_before_its_turn_is_given_up_in_the_end(
    daemon: Make,
) -> None:
    """No scan tells of it, as the photo counts as filed; without an end it would wait for ever."""
    one = daemon(folder={"give_up_s": 1})
    one.start()
    photo = write_photo(one.inbox / "a.png")
    filed(one, 1)
    one.stop()
    assert redo(one, "1").returncode == 0
    photo.unlink()
    one.start()
    told = one.await_("photo.quarantined")
    assert "its original" in told["reason"]
    assert "No such file" in told["reason"]
    assert len(one.mattes()) == 1
    photo.touch()
    one.stop()


@pytest.mark.parametrize("wait_s", [0.0, 0.15, 0.3, 0.45, 0.6, 0.8])
def test_a_power_cut_at_any_point_leaves_one_more_set(daemon: Make, wait_s: float) -> None:
    one = daemon(engine={"matte_s": 0.3})
    one.start()
    write_photo(one.inbox / "a.png")
    filed(one, 1)
    assert redo(one, "1").returncode == 0
    time.sleep(wait_s)
    one.kill()
    one.start()

    def is_done() -> bool:
        with ledger(one) as known:
            entry = known.entry(1)
        return entry is not None and entry.state is State.FILED

    wait_until(is_done)
    time.sleep(0.5)
    assert len(one.mattes()) == 2
    with ledger(one) as known:
        assert len(known.history(1)) == 1
    one.stop()


@pytest.mark.usefixtures("people_network")
def test_with_another_engine_that_one_makes_the_matte_and_nobody_waits_for_it(daemon: Make) -> None:
    """The daemon's own engine is a stub here; the other one is the real network for people."""
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    filed(one, 1)
    assert redo(one, "1", "--engine", "people").returncode == 0
    filed(one, 2)
    write_photo(one.inbox / "b.png")
    filed(one, 3)
    engines = [fact["engine"] for fact in one.said("photo.filed")]
    assert engines == ["stub_engine", "people", "stub_engine"]
    with ledger(one) as known:
        entry = known.entry(1)
    assert entry is not None
    assert entry.photo.attempts == 1, "waiting until it had started cost none"
    assert one.stop() == 0
