"""Networks for tests, loaded in this process."""

from __future__ import annotations

import os

import pytest

from matting.engines import onnx
from matting.errors import EngineUnavailable
from matting.networks.recipe import Recipe


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What the engine sets for its process ends with the test."""
    for name in ("CUDA_VISIBLE_DEVICES", "ORT_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture
def engine(tmp_path):
    """Load a network, given as bytes."""

    def load(data, recipe=None, **options):
        path = tmp_path / "network.onnx"
        path.write_bytes(data)
        if isinstance(recipe, Recipe):
            recipe = recipe.to_json()
        return onnx.load({"model": str(path), "recipe": recipe, "device": "cpu"} | options)

    return load


@pytest.fixture
def refusal(engine):
    """Why a network is not loaded."""

    def refuse(data, recipe=None, **options):
        with pytest.raises(EngineUnavailable) as caught:
            engine(data, recipe, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse
