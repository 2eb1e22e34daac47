"""One daemon per state directory, and no lock that outlives its holder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import InUse, SettingsError
from daemon.machine.lock import Lock

ROOT = str(Path(__file__).parents[3])
HOLD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from daemon.machine.lock import Lock
Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Lock(state), pytest.raises(InUse, match=f"another matted .* {state}"):
        Lock(state)
    with Lock(state):
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path), ROOT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InUse):
            Lock(tmp_path)
        other.kill()
    with Lock(tmp_path):
        pass


def test_children_do_not_inherit_the_lock(tmp_path: Path) -> None:
    """An engine that outlives its daemon must not keep the next one out."""
    with Lock(tmp_path):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with Lock(tmp_path):
        child.kill()
    child.wait()


def test_a_directory_that_cannot_be_made_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(SettingsError, match="cannot be used as state_dir: Not a directory"):
        Lock(tmp_path / "file" / "state")
