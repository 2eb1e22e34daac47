"""Models ordered from a registry, and refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import family

from matting.models.catalog import CatalogEntry, Web
from matting.models.download import Listener, RetryLimits
from matting.models.errors import ModelError
from matting.models.install import Order, install
from matting.models.package import Package
from matting.models.store import Store
from matting.models.trial import TrialSettings
from matting.networks.recipe import Recipe

ON_CPU = TrialSettings(device="cpu")
SOON = RetryLimits(timeout_s=60, tries=1)
"""Longer than pip takes to start on a busy machine."""


def order(*sources: Package | Web, source: Path | Web | None = None) -> Order:
    entry = CatalogEntry("net", "onnx", "whatever is red", "CC0", sources, Recipe())
    return Order(entry=entry, source=source, place=ON_CPU)


def refused(
    store: Store, wanted: Order, kind: type[ModelError], patience: RetryLimits = SOON
) -> str:
    """The one line with which it is refused; nothing is installed, and pip is gone."""
    before = set(family(os.getpid()))  # other tests' engines may be running
    with pytest.raises(ModelError) as caught:
        install(store, wanted, Listener(), patience)
    assert type(caught.value) is kind, caught.value
    assert "\n" not in str(caught.value)
    assert store.list() == ()
    assert set(family(os.getpid())) <= before
    return str(caught.value)


def left(store: Store) -> list[str]:
    return sorted(path.name for path in (store.directory / ".partial" / "net").glob("*"))
