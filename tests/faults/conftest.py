"""What the fault tests share: the tally, and its place in pytest's summary."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from summary import Tally

TALLY = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = Tally()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Counts what was done to the daemon, and what every audit found."""
    return request.config.stash[TALLY]


@pytest.fixture(scope="session")
def strace() -> str:
    """The program that kills and fails at single system calls."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("NOT TESTED: strace is not installed, so nothing can be killed at a call")
    tried = [found, "-f", "-e", "inject=fsync:error=EIO", "true"]
    if subprocess.run(tried, check=False, capture_output=True, env=os.environ).returncode:
        pytest.skip("NOT TESTED: strace may not trace here, so nothing can be killed at a call")
    return found


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    tally = config.stash[TALLY]
    if tally.audits:
        terminalreporter.section("faults")
        for line in tally.lines():
            terminalreporter.line(line)
