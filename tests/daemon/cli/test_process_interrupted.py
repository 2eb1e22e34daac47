"""`matted process`, interrupted: whole results and nothing else, and the next run goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness import family, wait_until, write_photo
from typed_commands import KINDS, QUICK, Matted, names

pytestmark = pytest.mark.usefixtures("people_network")


def test_a_run_that_was_interrupted_is_gone_on_with(
    matted: Matted, home: Path, environment: dict[str, str]
) -> None:
    """Not begun anew beside the first results, as -2."""
    done = Interrupted(home, environment, when="first result").files
    write_photo(home / "scans" / "0.jpg")  # wants the same names as 0.png
    again = matted("process", "scans", "-o", "out", *QUICK, "--skip-existing", "--json")
    assert again.returncode == 0
    results = [json.loads(line) for line in again.stdout.splitlines()]
    assert len(results) == 21
    assert sum(one["skipped"] for one in results) == len(done) // len(KINDS)
    stems = ["0-2", *map(str, range(20))]
    assert names(home / "out") == sorted(f"{stem}_{kind}.png" for stem in stems for kind in KINDS)


class Interrupted:
    """A run that Ctrl-C ended."""

    def __init__(self, home: Path, environment: dict[str, str], *, when: str) -> None:
        for number in range(20):
            write_photo(home / "scans" / f"{number}.png")
        command = [sys.executable, "-m", "daemon", "process", "scans", "-o", "out", *QUICK]
        with subprocess.Popen(
            command,
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        ) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            if when == "first result":
                child.stdout.readline()
            else:
                wait_until(lambda: self.started(child.pid, when))
            self.processes = family(child.pid)
            os.killpg(child.pid, signal.SIGINT)
            self.code = child.wait(30)
            self.stderr = child.stderr.read()
        out = home / "out"
        self.files = sorted(path.name for path in out.iterdir()) if out.exists() else []

    @staticmethod
    def started(pid: int, what: str) -> bool:
        return any(
            what in Path(f"/proc/{one}/cmdline").read_text()
            for one in family(pid)[1:]
            if Path(f"/proc/{one}").exists()
        )


@pytest.mark.parametrize("when", ["matting", "spawn_main", "first result"])
def test_ctrl_c_leaves_whole_results_and_nothing_else(
    home: Path, environment: dict[str, str], when: str
) -> None:
    """While the engine starts, while a photo process starts, and in the middle of the work."""
    ended = Interrupted(home, environment, when=when)
    assert ended.code == 130
    assert ended.stderr == ""
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in ended.processes))
    stems = {name.partition("_")[0] for name in ended.files}
    assert ended.files == sorted(f"{stem}_{kind}.png" for stem in stems for kind in KINDS)
    assert bool(stems) is (when == "first result")
    assert len(stems) < 20
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


def test_ctrl_c_between_two_renames_leaves_no_half_set(
    matted: Matted, home: Path, tmp_path: Path
) -> None:
    """A kernel's view: SIGINT arrives with the second of three files just published."""
    if shutil.which("strace") is None:
        pytest.skip("strace, which times the signal to one system call, is not installed")
    write_photo(home / "a.png")
    inject = "inject=renameat2:signal=SIGINT:when=2"
    calls = ("-e", "trace=renameat2", "-e", inject, "-o", str(tmp_path / "calls"))
    done = matted("process", "a.png", "-o", "out", *QUICK, prefix=("strace", "-f", "-qq", *calls))
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr}")
    assert (done.returncode, done.stderr) == (130, "")
    assert "SIGINT" in (tmp_path / "calls").read_text()
    assert sorted(os.listdir(home / "out")) == sorted(f"a_{kind}.png" for kind in KINDS)
