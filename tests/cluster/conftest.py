"""Machines for each test, taken down whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from machines import Machines

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[..., Machines]]:
    made: list[Machines] = []

    def make(**settings: Any) -> Machines:
        made.append(Machines(tmp_path / f"studio{len(made)}", **settings))
        return made[-1]

    yield make
    for one in made:
        one.stop()
