"""A server, and networks that are small and real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import networks
import pytest
from model_server import ModelServer

from matting.models.download import RetryLimits
from matting.networks.recipe import Recipe

CONTENT = b"".join(number.to_bytes(4, "big") for number in range(750_000))
"""3 MB of no meaning, unlike any part of itself."""
RED = Recipe()
"""For a network that answers what it is fed: its first channel, red, is alpha."""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, and nothing that is installed for everybody."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("MATTED_MODELS", str(tmp_path / "shared"))


@pytest.fixture
def red() -> bytes:
    """An ONNX network whose alpha is the red channel."""
    return networks.same()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A server with a file."""
    with ModelServer(CONTENT) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> RetryLimits:
    """Gives up soon, and does not wait between tries."""
    monkeypatch.setattr("matting.backoff.Backoff.next", lambda _: 0.01)
    return RetryLimits(timeout_s=0.5, tries=3)
