"""`matted model install`, interrupted or killed: the old model stays, and the next try goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import networks
import numpy as np
import pytest
from harness import family, wait_until
from model_server import ModelServer
from typed_commands import Matted, install, listed, visible

from daemon.cli import Exit

COMMAND = ["-m", "daemon", "model"]


class Started:
    """An installation that is under way."""

    def __init__(self, home: Path, environment: dict[str, str], source: str, *more: str) -> None:
        arguments = ["install", "my-net", "--config", "matted.yaml", "--from", source, *more]
        self.child = subprocess.Popen(
            [sys.executable, *COMMAND, *arguments],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self, number: int) -> str:
        """Send a signal; what was said on standard error."""
        os.kill(self.child.pid, number)
        return self.child.communicate(timeout=30)[1]


def large() -> bytes:
    """A network of some 4 MB: its weights play no part."""
    ballast = networks.constant("ballast", np.arange(1_000_000, dtype=np.float32))
    return networks.network([networks.node("Identity", "x", "y")], constants=[ballast])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_download_is_gone_on_with(
    matted: Matted,
    home: Path,
    store: Path,
    environment: dict[str, str],
    server: ModelServer,
    number: int,
) -> None:
    server.content = large()
    server.misdeeds = ["drip"]
    started = Started(home, environment, server.address)
    parts = store / ".partial" / "my-net"
    wait_until(lambda: any(one.stat().st_size > 500_000 for one in parts.glob("*.part")))
    assert started.end(number) == ""
    assert started.child.returncode == (130 if number == signal.SIGINT else -number)
    assert listed(matted, installed=True) == []
    done = install(matted, server.address)
    assert done.returncode == Exit.DONE, done.stderr
    asked = server.ranges()[-1]
    assert asked is not None
    assert int(asked.strip("bytes=-")) >= 500_000
    assert matted("model", "verify", "--config", "matted.yaml").returncode == Exit.DONE


def test_killed_while_it_is_tried_out_the_old_model_stays_and_no_engine_is_left(
    matted: Matted, home: Path, store: Path, environment: dict[str, str], server: ModelServer
) -> None:
    assert install(matted, server.address).returncode == Exit.DONE
    (before,) = listed(matted, installed=True)
    new = home / "new.onnx"
    new.write_bytes(networks.same() + b"\x32\x00")
    started = Started(home, environment, str(new), "--replace")
    wait_until(lambda: len(family(started.child.pid)) > 1)
    engine = family(started.child.pid)[1]
    started.end(signal.SIGKILL)
    assert listed(matted, installed=True) == [before]
    wait_until(lambda: not Path(f"/proc/{engine}").exists())
    assert install(matted, new, "--replace").returncode == Exit.DONE
    assert listed(matted, installed=True) != [before]
    assert len(visible(store / "files")) == 1


@pytest.mark.usefixtures("store")
def test_two_installations_of_one_model_do_not_meet(
    matted: Matted, home: Path, environment: dict[str, str], server: ModelServer
) -> None:
    server.content = large()
    server.misdeeds = ["hold"]
    started = Started(home, environment, server.address)
    wait_until(lambda: len(server.requests) > 0, 60)
    done = install(matted, server.address)
    server.go_on.set()
    assert done.returncode == Exit.IN_USE
    assert done.stderr == "matted: another matted is installing my-net at the moment\n"
    assert started.child.wait(60) == 0
    started.child.communicate()
    assert len(listed(matted, installed=True)) == 1
