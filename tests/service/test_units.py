"""The units, as far as they can be checked without booting anything."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from daemon.service import loop

REPOSITORY = Path(__file__).resolve().parents[2]
UNITS = REPOSITORY / "systemd"


def directives(unit: str) -> list[str]:
    return [
        line
        for line in (UNITS / unit).read_text().splitlines()
        if line and not line.startswith("#")
    ]


def pins(lock: str) -> dict[str, frozenset[str]]:
    """The checksums of every package and version."""
    text = (REPOSITORY / lock).read_text()
    parts = re.split(r"^([a-z0-9.-]+==[^ ;]+)", text, flags=re.MULTILINE)[1:]
    return {
        name: frozenset(re.findall(r"sha256:\w+", sums))
        for name, sums in zip(parts[::2], parts[1::2], strict=True)
    }


def test_the_template_is_the_unit_with_another_name() -> None:
    made = subprocess.run(
        ["sed", "-f", UNITS / "instance.sed", UNITS / "matted.service"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert made.stdout == (UNITS / "matted@.service").read_text(), "run `make generated`"
    differing = set(directives("matted@.service")) - set(directives("matted.service"))
    assert {line.partition("=")[0] for line in differing} == {
        *("Description", "ExecStart", "StateDirectory", "RuntimeDirectory")
    }


@pytest.mark.parametrize(
    "unit",
    [
        *("matted.service", "matted-webhooks.service", "matted-web.service"),
        *("matted-stations.service", "matted-scheduler.service", "matted-worker.service"),
    ],
)
def test_the_exposure_is_low(unit: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("NOT TESTED: there is no systemd-analyze to rate the unit")
    done = subprocess.run(
        [program, "security", "--offline=true", "--threshold=18", UNITS / unit],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-300:]


@pytest.mark.parametrize("unit", ["matted.service", "user/matted.service"])
def test_systemd_waits_longer_than_the_daemon_drains(unit: str) -> None:
    (stop,) = (line for line in directives(unit) if line.startswith("TimeoutStopSec="))
    assert int(re.findall(r"\d+", stop)[0]) > loop.DRAIN_S + 10


def test_what_is_installed_is_what_was_tested() -> None:
    tested = pins("requirements.lock")
    installed = pins("requirements-run.lock")
    assert len(installed) > 20
    assert installed.items() <= tested.items()
    assert not any(name.startswith(("pytest==", "mypy==", "ruff==")) for name in installed)


@pytest.mark.parametrize(
    "unit", ["matted.service", "matted-stations.service", "matted-worker.service"]
)
def test_who_stages_results_can_tell_which_boot_it_is(unit: str) -> None:
    """Else nothing that it staged is known as its own any more (daemon.machine.instance)."""
    assert "ProcSubset=pid" not in directives(unit)


def test_a_worker_comes_back_whatever_it_ended_with_but_for_wrong_settings() -> None:
    """When its scheduler is lost it ends with 0, and nobody is there at night to start it."""
    lines = directives("matted-worker.service")
    assert {"Restart=always", "RestartPreventExitStatus=2", "StartLimitIntervalSec=0"} <= {*lines}


def test_a_worker_and_the_daemon_share_no_state_where_both_run() -> None:
    """The daemon's private copies are cleared away by whoever takes its state directory for his."""
    assert "StateDirectory=matted-worker" in directives("matted-worker.service")
    assert "StateDirectory=matted" in directives("matted.service")


@pytest.mark.parametrize("unit", ["matted-scheduler.service", "matted-worker.service"])
def test_a_cluster_reaches_no_further_than_the_studio(unit: str) -> None:
    assert "IPAddressDeny=any" in directives(unit)


def test_every_unit_is_installed_and_removed() -> None:
    script = (UNITS / "install").read_text()
    for unit in UNITS.glob("*.service"):
        assert script.count(unit.name) >= 2, f"{unit.name}: installed and removed"
