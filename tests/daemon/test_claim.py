"""One daemon per watched folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.claim import Claim
from daemon.errors import InUse

HOLD = """
import sys, time
from daemon.claim import Claim
claim = Claim(sys.argv[1])
print("claimed", flush=True)
time.sleep(60)
"""


def test_a_second_claim_is_refused_by_whatever_path_the_folder_goes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in")
    with Claim(str(tmp_path / "in")), pytest.raises(InUse, match="another matted watches"):
        Claim(str(tmp_path / "link"))
    with Claim(str(tmp_path / "link")):
        pass


def test_a_claim_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        with pytest.raises(InUse):
            Claim(str(tmp_path))
        other.kill()
        other.wait()
        Claim(str(tmp_path)).release()


def test_a_claim_does_not_hold_the_folder_itself(tmp_path: Path) -> None:
    """An open descriptor there would keep a share from being unmounted."""
    with Claim(str(tmp_path)):
        links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
        targets = [os.readlink(link) for link in links if os.path.lexists(link)]
        assert str(tmp_path) not in targets
