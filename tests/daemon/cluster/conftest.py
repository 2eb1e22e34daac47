"""Certificates that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_certificates import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio.made(tmp_path / "cluster")
