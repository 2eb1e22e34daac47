"""Ledgers that are damaged or lost, and systems that allow next to nothing: one clear line."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Daemon, write_photo

from daemon.errors import LedgerTrouble
from daemon.filed import Filed
from daemon.ledger import Ledger, State
from daemon.photo import Sighting, Version
from daemon.service.status import Condition, read

Make = Callable[..., Daemon]
FILED = Filed(
    (), (9, 9), "bshm", "cpu", 1, "ab" * 32, took_s={"read": 0.1}, warnings=("a warning",)
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with some photos in each state that status lists."""
    (tmp_path / "state").mkdir()
    with Ledger.open(tmp_path / "state" / "ledger.sqlite") as ledger:
        for number in range(60):
            ledger.notice(Sighting("/in", b"%d.jpg" % number, Version(1, number, 3, 4), 0.0), 1.0)
            photo = ledger.claim(2.0)
            assert photo is not None
            if number % 3 == 0:
                ledger.filed(photo.id, FILED, dispose=True, now_s=3.0)
                ledger.disposed(photo.id, kept="the original was not deleted: nobody was found")
            elif number % 3 == 1:
                ledger.failed(photo.id, "is no photo", now_s=3.0)
            else:
                ledger.retry(photo.id, 9.0, "ends early", free=True, now_s=3.0)
    return tmp_path / "state"


def test_whatever_is_wrong_with_a_ledger_status_says_it_in_one_line(state: Path) -> None:
    path = state / "ledger.sqlite"
    whole = path.read_bytes()
    dice = random.Random(4)
    told: list[str] = []
    for _ in range(250):
        damaged = bytearray(whole)
        for _ in range(dice.choice((1, 20, 400))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        path.write_bytes(damaged[: dice.choice((len(damaged), dice.randrange(len(damaged))))])
        for name in ("-wal", "-shm"):
            Path(f"{path}{name}").unlink(missing_ok=True)
        try:
            read(state).as_json()
        except LedgerTrouble as error:
            told.append(str(error))
    assert len(told) > 50
    assert not [line for line in told if "\n" in line]


def test_a_row_that_no_program_has_written_is_damage(state: Path) -> None:
    with Ledger.open(state / "ledger.sqlite") as ledger:
        ledger._connection.execute("UPDATE photo SET filed = '{}' WHERE filed IS NOT NULL")
        with pytest.raises(LedgerTrouble, match="the ledger is damaged at photo"):
            ledger.entries(State.FILED)
        ledger._connection.execute("UPDATE photo SET filed_on = 'never'")
        with pytest.raises(LedgerTrouble, match="the ledger is damaged at photo"):
            ledger.claim(99.0)


def settings(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir(exist_ok=True)
    path = tmp_path / "matted.yaml"
    path.write_text("state_dir: state\nworkers: 1\nfolders: [{watch: inbox, results: results}]\n")
    return path


def limited(*command: str, files: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    return subprocess.run(
        [sys.executable, "-m", "daemon", *command],
        capture_output=True, text=True, check=False, timeout=120, preexec_fn=limit,
    )  # fmt: skip


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("files", [5, 8, 20])
def test_status_with_next_to_no_files_allowed(tmp_path: Path, files: int) -> None:
    done = limited("status", "--config", str(settings(tmp_path)), files=files)
    assert "Traceback" not in done.stderr
    answered = done.returncode in {0, Condition.STOPPED}
    assert len(done.stderr.splitlines()) == (0 if answered else 1)


@pytest.mark.usefixtures("unmeasured")
def test_a_daemon_that_is_allowed_too_little_says_so_and_what_to_do(tmp_path: Path) -> None:
    done = limited("run", "--config", str(settings(tmp_path)), files=20)
    assert done.returncode == 1
    assert "only 20 files are allowed at once, and 72 are needed" in done.stderr
    assert "LimitNOFILE=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("state")
@pytest.mark.usefixtures("unmeasured")
def test_status_with_no_process_allowed_but_itself(tmp_path: Path) -> None:
    """OpenBLAS would start threads, and interrupt a program that may not have any."""
    setpriv, prlimit = shutil.which("setpriv"), shutil.which("prlimit")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    program = shutil.which(f"python{version}", path="/usr/bin:/bin")
    if os.geteuid() or not program or not setpriv or not prlimit:
        pytest.skip(f"NOT TESTED: needs root, setpriv, prlimit and the system's python{version}")
    config = settings(tmp_path)
    for path in (tmp_path, *tmp_path.parents, *tmp_path.rglob("*")):
        if path.stat().st_uid == 0 and path.is_relative_to("/tmp"):  # noqa: S108 - pytest's own, where it is there
            path.chmod(
                path.stat().st_mode | 0o055 | (0o222 if path.is_relative_to(tmp_path) else 0)
            )
    packages = [path for path in sys.path if path.endswith("site-packages")]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [
            setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/nonexistent",
            f"PYTHONPATH={os.pathsep.join([str(root), *packages])}", prlimit, "--nproc=1",
            program, "-m", "daemon", "status", "--config", str(config),
        ],
        capture_output=True, text=True, check=False, timeout=120, cwd="/",
    )  # fmt: skip
    if "No module named" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip(f"NOT TESTED: another user cannot read this checkout: {done.stderr[-200:]}")
    assert done.returncode == Condition.STOPPED, done.stderr
    assert done.stderr == ""


def test_a_lost_ledger_is_not_replaced_in_silence(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    assert one.stop() == 0
    for path in (one.root / "state").glob("ledger.sqlite*"):
        path.unlink()
    command = ("run", "--config", str(one.config))
    done = limited(*command)
    assert done.returncode == 1
    assert "is lost: mounts.json beside it says that there was one" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(one.mattes()) == 1
    shutil.rmtree(one.root / "state")
    one.start()
    told = one.await_("ledger.new")
    assert told["results"] == str(one.results)
    one.await_("photo.filed", count=2)


def test_a_first_start_is_no_loss(daemon: Make) -> None:
    one = daemon()
    one.start()
    one.stop()
    one.start()
    assert not one.said("ledger.new")
    assert json.loads((one.root / "state" / "status.json").read_text())
