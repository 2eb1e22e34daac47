"""What `make` does about the network that finds people, before it runs anything."""

from __future__ import annotations

import os
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

from matting.models.catalog import CATALOG

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """#!/bin/sh
echo "$@" >> "$0.called"
[ ! -e "$0.fails" ] || { echo "matted: it cannot be had" >&2; exit 1; }
mkdir -p {models} && touch {models}/selfie.json
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment as far as this script can tell."""
    program = tmp_path / "env" / "bin" / "matted"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM.replace("{models}", str(tmp_path / "env/share/matted/models")))
    program.chmod(0o755)
    return tmp_path / "env"


def set_up(environment: Path) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name != "MATTED_MODELS"}
    return subprocess.run(
        ["sh", ".ci/people", environment],
        cwd=ROOT, env=variables, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_the_network_is_installed_once_and_then_costs_nothing(environment: Path) -> None:
    assert "36 MB" in set_up(environment).stderr
    began_s = time.monotonic()
    assert set_up(environment).stderr == ""
    assert time.monotonic() - began_s < 3, "no Python is started"
    called = (environment / "bin" / "matted.called").read_text()
    assert called == "model install selfie --shared\n"


def test_where_it_cannot_be_had_one_line_says_why_and_nothing_stops(environment: Path) -> None:
    (environment / "bin" / "matted.fails").touch()
    for _ in range(2):
        announced, why = set_up(environment).stderr.splitlines()
        assert why == "matted: it cannot be had"
        assert announced.startswith("Installing")


def test_after_a_change_of_the_catalog_it_is_asked_again(environment: Path) -> None:
    set_up(environment)
    manifest = environment / "share" / "matted" / "models" / "selfie.json"
    os.utime(manifest, (0, 0))
    assert set_up(environment).stderr != ""
    assert (environment / "bin" / "matted.called").read_text().count("\n") == 2


def test_the_notice_names_every_network_that_can_be_installed() -> None:
    """And goes wherever the program goes, as the Apache License wants it."""
    text = (ROOT / "NOTICE").read_text()
    assert {name for name in CATALOG if f"`{name}`" not in text} == set()
    for entry in CATALOG.values():
        if entry.package is not None:
            assert f"{entry.package.project} {entry.package.version}" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license-files"] == ["LICENSE", "NOTICE"]
