"""Fixtures that every room's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Daemon, Fact


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """The real photos, which are not part of the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "photos"
    if not folder.is_dir():
        pytest.skip(f"no photos in {folder}")
    return folder


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Make a daemon, not started yet; it and all it started are gone after the test."""
    made = []

    def make(*, folder: Fact | None = None, engine: Fact | None = None, **settings: Any) -> Daemon:
        root = tmp_path / f"daemon{len(made)}"
        root.mkdir()
        made.append(Daemon(root, folder or {}, settings, engine or {}))
        return made[-1]

    yield make
    for one in made:
        if one.child is not None and one.child.poll() is None:
            one.kill()
