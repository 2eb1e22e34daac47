"""A house for each test: real ledger, shelf and decisions, photo processes that are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House

from daemon.ledger import Ledger


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield House(tmp_path, ledger)
