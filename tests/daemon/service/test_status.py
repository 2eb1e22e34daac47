"""`matted status` and `matted retry` beside a running daemon and after its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from harness import Daemon, wait_until, write_photo

from daemon.service.status import Condition

Make = Callable[..., Daemon]


def matted(one: Daemon, *arguments: str, ok: bool = True) -> str:
    command = [sys.executable, "-m", "daemon", arguments[0], "--config", str(one.config)]
    done = subprocess.run(
        [*command, *arguments[1:]], capture_output=True, text=True, check=False, timeout=60
    )
    # 10 and more say how the daemon is, not that the question failed.
    assert (done.returncode in {0, *Condition}) is ok, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if ok else done.stderr


def status(one: Daemon) -> dict[str, Any]:
    return dict(json.loads(matted(one, "status", "--json")))


def test_status_and_retry_through_a_photos_life(daemon: Make) -> None:
    one = daemon(folder={"give_up_s": 0})
    assert "no daemon has run" in matted(one, "status", ok=False)
    one.start()
    good = write_photo(one.inbox / "good.png")
    (one.inbox / "half.png").write_bytes(good.read_bytes()[:200])
    one.await_("photo.filed")
    one.await_("photo.quarantined")

    now = status(one)
    assert now["running"]
    assert now["counts"]["filed"] == now["filed_today"] == 1
    assert now["daemon"]["engine"]["engine"] == "stub_engine"
    (folder,) = now["daemon"]["folders"].values()
    assert folder["paused"] is None
    (failed,) = now["failed"]
    assert failed["path"] == "half.png"
    assert "ends early" in failed["reason"]
    shown = matted(one, "status")
    assert "half.png" in shown
    assert "1 failed" in shown

    assert "good.png" not in matted(one, "retry", "--all")
    one.await_("photo.quarantined", count=2)
    assert len(one.reports()) == 1
    good_id = one.said("photo.filed")[0]["photo"]
    assert "not in quarantine" in matted(one, "retry", str(good_id), ok=False)
    assert f"matted redo {good_id}` files it anew" in matted(one, "retry", str(good_id), ok=False)
    assert "photo 99: there is no photo of this number" in matted(one, "retry", "99", ok=False)
    assert "retry: takes either IDs" in matted(one, "retry", ok=False)

    one.stop()
    assert not status(one)["running"]
    assert "not running" in matted(one, "status")
    assert "will be tried again" in matted(one, "retry", str(failed["photo"]))
    assert not one.reports()
    assert status(one)["counts"]["waiting"] == 1


def test_status_tells_why_nothing_moves(daemon: Make) -> None:
    one = daemon()
    one.start()
    one.inbox.rename(one.root / "away")
    one.await_("folder.paused")
    one.await_("service.ready")
    why = "paused: cannot be read: No such file or directory"
    wait_until(lambda: why in " ".join(matted(one, "status").split()))


def test_a_retried_photo_whose_original_was_moved_comes_back(daemon: Make) -> None:
    one = daemon(folder={"give_up_s": 0, "originals": "archive", "archive": "archive"})
    one.start()
    content = write_photo(one.root / "whole.png").read_bytes()[:200]
    (one.inbox / "half.png").write_bytes(content)
    one.await_("photo.quarantined")
    assert not (one.inbox / "half.png").exists()
    moved = [path for path in (one.results / "failed").iterdir() if path.suffix == ".png"]
    assert [path.read_bytes() for path in moved] == [content]
    one.stop()
    matted(one, "retry", "--all")
    assert (one.inbox / "half.png").read_bytes() == content
    assert not list((one.results / "failed").iterdir())


def test_a_photo_whose_date_changes_is_counted_once(daemon: Make) -> None:
    """`3 filed` for one photo: each new date is a version, and known content."""
    one = daemon()
    one.start()
    photo = write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    for day in (1, 2):
        os.utime(photo, (day * 86400, day * 86400))
        one.await_("photo.unchanged", count=day)
    wait_until(lambda: status(one)["counts"]["filed"] == status(one)["filed_today"] == 1)
    assert "1 filed today (1 in all)" in " ".join(matted(one, "status").split())


def test_status_says_which_mattes_to_look_at(daemon: Make) -> None:
    """Nobody is in the one photo, and the engine is sure of the other."""
    one = daemon()
    one.start()
    write_photo(one.inbox / "nobody.png", red=0)
    filed = one.await_("photo.filed")
    (flag,) = filed["flags"]
    assert flag == {"reason": "nobody", "value": 1.0, "place": None}
    now = status(one)
    assert now["flagged_today"] == 1
    (told,) = now["flagged"]
    assert told["path"] == "nobody.png"
    assert told["flags"] == [flag]
    assert "1 of today's to be looked at" in " ".join(matted(one, "status").split())
    assert "nobody was found" not in matted(one, "status")
    assert "nobody was found" in matted(one, "status", "--flagged")


def code(one: Daemon) -> int:
    command = [sys.executable, "-m", "daemon", "status", "--config", str(one.config)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


def test_its_exit_code_is_the_worst_that_there_is_to_say(daemon: Make) -> None:
    """For scripts and monitoring, as README and docs/monitoring.md list them."""
    one = daemon(folder={"give_up_s": 0})
    one.start()
    wait_until(lambda: code(one) == Condition.WELL == 0)
    write_photo(one.inbox / "nobody.png", red=0)
    one.await_("photo.filed")
    assert code(one) == Condition.FLAGGED == 13
    (one.inbox / "bad.png").write_bytes(b"no photo at all")
    one.await_("photo.quarantined")
    assert code(one) == Condition.FAILED == 12
    one.inbox.rename(one.root / "away")
    one.await_("folder.paused")
    wait_until(lambda: code(one) == Condition.PAUSED == 11)
    one.stop()
    assert code(one) == Condition.STOPPED == 10


def test_a_typo_in_the_settings_hides_no_ledger(daemon: Make) -> None:
    one = daemon()
    one.start()
    wait_until(lambda: code(one) == Condition.WELL)
    one.config.write_text(one.config.read_text() + "\nwrokers: 3\n")
    command = [sys.executable, "-m", "daemon", "status", "--config", str(one.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "0 filed today" in " ".join(done.stdout.split())
    assert "wrokers" in done.stderr
    assert "would be refused" in done.stderr
