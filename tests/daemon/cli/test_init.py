"""``matted init``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

Matted = Callable[..., CompletedProcess[str]]


def test_what_it_writes_is_accepted_by_check(matted: Matted, home: Path) -> None:
    done = matted("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert "matted run --config matted.yaml" in done.stdout
    checked = matted("check")
    assert (checked.returncode, checked.stderr) == (0, "")
    shown = f"  {home}/inbox -> {home}/results (old-photo)"
    assert checked.stdout.splitlines() == ["matted.yaml: no faults", shown]


def test_it_never_overwrites(matted: Matted, home: Path) -> None:
    (home / "matted.yaml").write_text("somebody's")
    done = matted("init")
    assert done.returncode == 2
    assert done.stderr == "matted: matted.yaml: is there already; it stays as it is\n"
    assert (home / "matted.yaml").read_text() == "somebody's"


@pytest.mark.parametrize("name", ["my photos: #1", "祖母 'n' \"emma\"", "{curly}, [square] & *"])
def test_folders_of_any_name_can_be_given(matted: Matted, home: Path, name: str) -> None:
    done = matted("init", "x.yaml", "--watch", name, "--results", f"{name} out")
    assert done.returncode == 0
    (folder,) = yaml.safe_load((home / "x.yaml").read_text())["folders"]
    assert (folder["watch"], folder["results"]) == (name, f"{name} out")


def test_a_place_that_cannot_be_written_is_said_in_a_line(matted: Matted) -> None:
    done = matted("init", "nowhere/matted.yaml")
    assert done.returncode == 2
    expected = "matted: nowhere/matted.yaml: cannot be written: No such file or directory\n"
    assert done.stderr == expected
