"""`matted process` and `matted model`, as typed in tests, and what they leave."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.cli import Exit

Matted = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("--profile", "studio-portrait")
KINDS = ("foreground", "matte", "composition")
SETTINGS = """state_dir: state
folders: [{watch: in, results: out}]
models: {my-net: {activation: none}}
profiles: {plain: {preprocess: [], outputs: [matte]}}
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def install(matted: Matted, source: object, *more: object) -> subprocess.CompletedProcess[str]:
    return matted("model", "install", "my-net", "--config", "matted.yaml", "--from", source, *more)


def visible(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


def listed(matted: Matted, *, installed: bool) -> list[dict[str, Any]]:
    done = matted("model", "list", "--json", "--config", "matted.yaml")
    assert done.returncode == Exit.DONE, done.stderr
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    return [fact for fact in facts if fact["installed"] is installed]
