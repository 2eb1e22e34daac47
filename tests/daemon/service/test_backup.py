"""A ledger that was backed up under load, as docs/upkeep.md says, is whole and can be restored."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from harness import Daemon, write_photo

from daemon.ledger import Ledger, State

Make = Callable[..., Daemon]


def back_up(ledger: Path, to: Path) -> None:
    """By sqlite3's own command where there is one; else by what that calls."""
    if program := shutil.which("sqlite3"):
        command = [program, str(ledger), f".backup {to}"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


def test_a_backup_taken_under_load_restores_to_a_consistent_ledger(daemon: Make) -> None:
    one = daemon(workers=2)
    one.start()
    path = one.root / "state" / "ledger.sqlite"
    for number in range(6):
        write_photo(one.inbox / f"{number}.png", red=40 + number)
    one.await_("photo.filed", count=3)
    back_up(path, one.root / "backup.sqlite")
    one.await_("photo.filed", count=6)
    assert one.stop() == 0
    before = set(one.mattes())
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (path.parent / name).unlink(missing_ok=True)
    (one.root / "backup.sqlite").replace(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Ledger.open(path) as ledger:
        known = ledger.entries(State.FILED)
        assert len(known) >= 3
        for entry in known:
            for result in entry.photo.names:
                assert (one.results / result.decode()).is_file()
    one.start()
    one.await_("photo.filed", count=6 + 6 - len(known))
    time.sleep(1)
    one.stop()
    after = set(one.mattes())
    assert after >= before, "nothing was overwritten or removed"
    assert len(after) == 6 + 6 - len(known), "once more is filed what the backup did not know"
