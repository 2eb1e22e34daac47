"""What `matted --version` tells, which every report of a fault should begin with."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from daemon.about import about
from matting.engines import ENGINES

ROOT = Path(__file__).parents[2]


def test_every_engine_says_what_it_runs_with() -> None:
    assert all(kind.distributions for kind in ENGINES.values())
    found = about().engines
    assert found["people"] == f"opencv-python {version('opencv-python')}"
    assert found.keys() == ENGINES.keys()


def test_version_tells_version_commit_python_and_engines() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "daemon", "--version"], capture_output=True, text=True, check=True
    )
    first, second, *engines = told.stdout.splitlines()
    assert first.startswith(f"matted {version('matted')} (commit ")
    assert second == f"Python {sys.version.partition(' ')[0]} ({sys.executable})"
    assert [line.partition(":")[0] for line in engines] == [f"engine {name}" for name in ENGINES]
    if (ROOT / ".git").exists():
        assert re.search(r"\(commit [0-9a-f]{10,}(-dirty)?\)$", first)


def test_the_changelog_ends_with_this_version_or_has_yet_to_release_it() -> None:
    """The version is pyproject's; the newest release of the changelog is no later one."""
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[(.+?)\](?: - (\S+))?$", text, re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for _, date in headings[1:])
    numbers = [tuple(map(int, name.split("."))) for name, _ in headings[1:]]
    assert numbers == sorted(numbers, reverse=True)
    assert not numbers or numbers[0] <= tuple(map(int, version("matted").split(".")))
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
