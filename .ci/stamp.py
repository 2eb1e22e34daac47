"""A build hook: writes the commit into sdist and wheel, for `matted --version`.

What the page shows large photos with is fetched before, since it is part of both.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STAMP = "daemon/commit.txt"


class Stamp(BuildHookInterface):  # type: ignore[misc, type-arg] # hatchling is there for builds alone
    """See the module."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the stamp; an editable installation asks git, and an unpacked sdist has one."""
        root = Path(self.root)
        if version != "editable":
            subprocess.run(["sh", ".ci/page"], cwd=root, check=True)
        if version == "editable" or (root / STAMP).exists() or not (root / ".git").exists():
            return
        git = ["git", "-C", self.root, "describe", "--always", "--dirty", "--abbrev=10"]
        told = subprocess.run([*git, "--exclude=*"], capture_output=True, text=True, check=True)
        stamp = Path(tempfile.mkdtemp(prefix="matted-stamp-")) / "commit.txt"
        stamp.write_text(told.stdout, "ascii")
        build_data["force_include"][str(stamp)] = STAMP
