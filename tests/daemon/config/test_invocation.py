"""What a message says to type works where it is typed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from daemon.api import settings_for
from daemon.config.invocation import typed


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with this program in it."""
    program = tmp_path / "an env" / "bin" / "matted"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.with_name("python")))
    monkeypatch.setenv("PATH", "/usr/bin")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return program


def config(folder: Path) -> Path:
    path = folder / "my settings.yaml"
    path.write_text("state_dir: state\nfolders: [{watch: in, results: out}]\n")
    return path


def test_the_program_is_named_as_it_can_be_called_from_here(
    beside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = settings_for(None)
    assert typed("model list", alone) == f"'{beside}' model list"
    monkeypatch.chdir(tmp_path)
    assert typed("model list", alone) == "'an env/bin/matted' model list"
    (tmp_path / "on-path").mkdir()
    (tmp_path / "on-path" / "matted").symlink_to(beside)
    monkeypatch.setenv("PATH", str(tmp_path / "on-path"))
    assert typed("model list", alone) == "matted model list"
    (tmp_path / "on-path" / "matted").unlink()
    (tmp_path / "on-path" / "matted").write_text("another version's")
    assert typed("model list", alone) == "'an env/bin/matted' model list"
    beside.unlink()
    assert typed("model list", alone) == f"'{sys.executable}' -m daemon model list"


@pytest.mark.usefixtures("beside")
def test_a_settings_file_is_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    told = typed("model list", settings_for(config(tmp_path)))
    assert told.endswith(f" model list --config '{tmp_path}/my settings.yaml'")
    assert not told.startswith("sudo")


@pytest.mark.usefixtures("beside")
def test_a_services_models_are_its_users(tmp_path: Path) -> None:
    """As `sudo matted doctor` would say it, and the daemon itself in the journal."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root can give a directory to another user")
    path = config(tmp_path)
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 1, 1)  # `daemon`, on every Debian
    assert typed("model list", settings_for(path)).startswith("sudo -u daemon ")
