"""``matted init``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

Matted = Callable[..., CompletedProcess[str]]


def test_what_it_writes_is_accepted_by_check_and_the_inbox_is_there(
    matted: Matted, home: Path
) -> None:
    done = matted("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert "`matted run --config matted.yaml` runs" in done.stdout
    assert f"Made {home}/inbox: drop photos there." in done.stdout
    checked = matted("check")
    assert (checked.returncode, checked.stderr) == (0, "")
    shown = f"  {home}/inbox -> {home}/results (old-photo)"
    assert checked.stdout.splitlines()[:2] == ["matted.yaml: no faults", shown]
    assert "IMG_1_matte.png" in checked.stdout, "what results would be called"


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


def test_an_inbox_that_may_be_an_absent_share_is_not_made(matted: Matted, home: Path) -> None:
    (home / "mnt").mkdir()
    done = matted("init", "--watch", "mnt/inbox")
    assert f"{home}/mnt/inbox is not there: {home}/mnt is empty" in done.stdout
    assert not (home / "mnt" / "inbox").exists()
    checked = matted("check")
    assert checked.returncode == 0
    assert f"warning: {home}/mnt/inbox is not there, and is waited for" in checked.stdout


def test_check_says_that_the_inbox_is_still_to_be_made(matted: Matted, home: Path) -> None:
    (home / "matted.yaml").write_text("folders: [{watch: inbox, results: results}]")
    assert f"note: {home}/inbox is not there yet" in matted("check").stdout
    (home / "inbox").touch()
    assert "warning: what is to be watched is no folder" in matted("check").stdout


def test_advice_names_the_program_as_it_can_be_called(
    matted: Matted, home: Path, environment: dict[str, str]
) -> None:
    """`matted` is no command for whoever has it in .venv/bin alone."""
    environment["PATH"] = "/usr/bin:/bin"
    done = matted("init")
    words = done.stdout.split("`")[1::2]
    assert [word.split()[1] for word in words] == ["check", "run"]
    for word in words:
        program = home / word.split()[0]
        assert (program.name, program.exists()) == ("matted", True)
    (home / "matted.yaml").write_text("")
    assert f"is empty; `{words[0].split()[0]} init` writes one" in matted("check").stderr
