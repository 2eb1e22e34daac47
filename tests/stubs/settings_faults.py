"""What is wrong with settings, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.errors import SettingsError

SHORTEST = "folders: [{watch: inbox, results: results}]"


def faults(text: str, base: Path) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse(text, source="test.yaml", base=base)
    return caught.value.faults
