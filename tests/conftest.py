"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """The real photos, which are not part of the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "photos"
    if not folder.is_dir():
        pytest.skip(f"no photos in {folder}")
    return folder
