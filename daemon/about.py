"""Which matted this is: its version, the commit it was made from, Python, and what engines run on.

Asked of what is installed; no framework is imported for it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from matting.engines import ENGINES

_STAMP = Path(__file__).with_name("commit.txt")
"""Written into sdist and wheel when they are built (.ci/stamp.py); a checkout asks git."""
_GIT_S = 5


@dataclass(frozen=True, slots=True)
class About:
    """What a report of a fault has to begin with."""

    version: str
    commit: str | None
    """Abbreviated; ends in "-dirty" if files were changed since. None: nobody knows."""
    python: str
    executable: str
    engines: Mapping[str, str | None]
    """By engine, the framework that this Python has for it and its version; None: it has none."""

    def lines(self) -> tuple[str, ...]:
        """The same for people."""
        commit = f"commit {self.commit}" if self.commit else "commit unknown"
        return (
            f"matted {self.version} ({commit})",
            f"Python {self.python} ({self.executable})",
            *(f"engine {name}: {has or _NOT_HERE}" for name, has in self.engines.items()),
        )


_NOT_HERE = "nothing here that runs it; the setting engine.python may name a Python that has it"


def about() -> About:
    """What is installed here."""
    return About(
        version=version("matted"),
        commit=_commit(),
        python=sys.version.partition(" ")[0],
        executable=sys.executable,
        engines={name: _installed(kind.distributions) for name, kind in ENGINES.items()},
    )


def _installed(distributions: tuple[str, ...]) -> str | None:
    for name in distributions:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return None


def _commit() -> str | None:
    if _STAMP.exists():
        return _STAMP.read_text("ascii").strip()
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        return None  # a directory above, which git would look in, is another project's
    describe = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        told = subprocess.run(
            [*describe, "--exclude", "*"],
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):  # no git, or one that distrusts the directory
        return None
    return told.stdout.strip() or None
