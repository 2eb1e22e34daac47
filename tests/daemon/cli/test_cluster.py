"""`matted cluster`, as an administrator types it: files, rights, and one line for what is wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daemon.cli import exit_code
from daemon.cluster.certificates import check
from daemon.errors import CertificateTrouble

SETTINGS = """
state_dir: state
executor: {name: dask, address: "127.0.0.1:8786"}
folders: [{watch: inbox, results: results}]
"""
Matted = Any


@pytest.fixture
def config(home: Path) -> Path:
    (home / "matted.yaml").write_text(SETTINGS)
    return home / "matted.yaml"


def test_init_and_add_make_what_the_machines_need(matted: Matted, home: Path, config: Path) -> None:
    made = matted("cluster", "init", "--config", config)
    assert made.returncode == 0, made.stderr
    assert "cluster add HOST" in made.stdout
    added = matted("cluster", "add", "studio2", "--name", "10.0.0.7")
    assert added.returncode == 0, added.stderr
    now = datetime.now(UTC)
    assert "127.0.0.1" in check(home / "state" / "cluster", now=now).names
    other = home / "state" / "cluster" / "studio2"
    assert check(other, now=now).names == ("studio2", "10.0.0.7")
    assert stat.S_IMODE((other / "key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("init", "--dir", "there"), "is there already and stays as it is"),
        (("add", "../up", "--dir", "there"), "'../up' is no host's name or address"),
        (("add", "studio2", "--dir", "nowhere"), "ca.pem is missing: `"),
        (("add", "studio2", "--dir", "there", "--again"), "is not there, to be made again"),
        (("init", "--config", "missing.yaml"), "missing.yaml: cannot be read: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    matted: Matted, home: Path, words: tuple[str, ...], told: str
) -> None:
    assert matted("cluster", "init", "--dir", "there").returncode == 0
    before = {one: one.read_bytes() for one in (home / "there").iterdir()}
    done = matted("cluster", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {one: one.read_bytes() for one in (home / "there").iterdir()} == before


def test_again_makes_a_new_one_of_the_same_authority(matted: Matted, home: Path) -> None:
    assert matted("cluster", "init", "--dir", "there").returncode == 0
    before = (home / "there" / "cert.pem").read_bytes()
    again = matted("cluster", "init", "--dir", "there", "--again", "--days", "5")
    assert again.returncode == 0, again.stderr
    assert (home / "there" / "cert.pem").read_bytes() != before
    now = datetime.now(UTC)
    assert (check(home / "there", now=now).until - now).days <= 5


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can give a directory away")
def test_keys_are_not_made_for_a_daemon_that_could_not_read_them(
    matted: Matted, home: Path, config: Path
) -> None:
    """Root, who types it by mistake, would own them; the service would say 'Permission denied'."""
    (home / "state").mkdir()
    os.chown(home / "state", 65534, 65534)
    done = matted("cluster", "init", "--config", config)
    assert done.returncode != 0
    assert "belongs to another user, who has to be able to read keys" in done.stderr
    assert "sudo -u nobody" in done.stderr
    assert not (home / "state" / "cluster").exists()


def test_without_the_extra_it_says_what_to_install(matted: Matted, environment: Any) -> None:
    """As where plain matted is installed; a module in its place stands for the absent one."""
    absent = Path(environment["TMPDIR"]) / "absent"
    (absent / "cryptography").mkdir(parents=True)
    told = "raise ModuleNotFoundError(name='cryptography')\n"
    (absent / "cryptography" / "__init__.py").write_text(told)
    environment["PYTHONPATH"] = f"{absent}:{environment['PYTHONPATH']}"
    done = matted("cluster", "init", "--dir", "there")
    assert done.returncode == 1
    assert done.stderr == (
        "matted: a cluster needs the package cryptography: pip install 'matted[cluster]'\n"
    )


def test_wrong_certificates_end_a_unit_as_wrong_settings_do() -> None:
    """Systemd is told by that not to try it again and again."""
    assert exit_code(CertificateTrouble("expired")) == 2


def test_plain_matted_loads_nothing_of_the_extra() -> None:
    """Neither what only tells, nor a daemon whose photos are worked on here."""
    code = (
        "import sys, daemon.cli.check, daemon.cli.status, daemon.cli.cluster.init, "
        "daemon.service.service, daemon.filing.assembly; "
        "print(*sorted({'dask', 'distributed', 'cryptography'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not ran.stdout.split()
