"""``matted check``, and what all verbs have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import typer.main

from daemon.cli import VERBS, app

Matted = Callable[..., CompletedProcess[str]]

FAULTY = """\
folders:
  - watch: inbox
    resluts: results
  - watch: inbox/deeper
    results: results
    settle_s: soon
    profile: old-foto
workers: many
"""


def test_all_faults_are_told_at_once(matted: Matted, home: Path) -> None:
    (home / "matted.yaml").write_text(FAULTY)
    done = matted("check")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("matted: matted.yaml: ")
    for fault in (
        "did you mean results?",
        "did you mean old-photo?",
        "settle_s",
        "workers",
        "overlaps with watch",
    ):
        assert fault in done.stderr, fault


def test_a_missing_file_is_said_in_a_line(matted: Matted) -> None:
    done = matted("check", "nowhere.yaml")
    assert done.returncode == 2
    assert done.stderr == "matted: nowhere.yaml: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_complete_and_fits(matted: Matted, verb: str) -> None:
    done = matted(*filter(None, (verb, "--help")))
    assert (done.returncode, done.stderr) == (0, "")
    usage = "Usage: matted" + (f" {verb}" if verb else " [OPTIONS] COMMAND")
    assert usage in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    for word in VERBS if not verb else ():
        assert f"│ {word} " in done.stdout
    if not verb:
        assert "Exit codes: 0 all went well; 1 photos failed" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_summed_up_as_its_own_help_begins(verb: str) -> None:
    """They are written twice, so that `matted --help` need not load them all."""
    command: Any = typer.main.get_command(app()).commands[verb]  # type: ignore[attr-defined] # a group
    assert command.get_short_help_str(limit=1000) == VERBS[verb]


def test_without_arguments_it_helps(matted: Matted) -> None:
    done = matted()
    assert "Usage: matted" in done.stdout + done.stderr


def test_a_verb_that_is_none_is_misuse(matted: Matted) -> None:
    done = matted("prozess")
    assert done.returncode == 2
    assert "prozess" in done.stderr
    assert matted("--version").stdout.startswith("matted ")
