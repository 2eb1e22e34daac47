"""A result folder, and photos to file there."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from daemon.photo import Photo, Version
from daemon.shelf import staging

MakePhoto = Callable[..., Photo]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    results = tmp_path / "results"
    results.mkdir()
    staging.establish(results, lambda _: None)
    return results


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


@pytest.fixture
def put(inbox: Path) -> MakePhoto:
    """Put a file into the inbox; returns the photo as the ledger would know it."""

    def put(path: bytes = b"IMG_1.jpg", content: bytes = b"picture", photo_id: int = 12) -> Photo:
        target = os.path.join(os.fsencode(inbox), path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
        return Photo(
            id=photo_id,
            folder=str(inbox),
            path=path,
            version=Version.of(os.lstat(target)),
            attempts=1,
            first_seen_s=1000.0,
            filed_on=date(2026, 3, 1),
            tries=1,
        )

    return put
