"""Learnt refiners, with the ports of those that users bring: ViTMatte's, GCA's, and our own's.

The networks answer weighted sums of what they are fed, so a test knows what was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networks
import numpy as np
import pytest
from numpy.typing import NDArray

from matting import refiners
from matting.engines import REFINED, Engine, onnx
from matting.errors import EngineLost, EngineUnavailable, RequestRefused
from matting.networks.recipe import GCA, VITMATTE, Recipe
from matting.picture.fine import fine
from matting.picture.trimap import trimap_of
from matting.process.host import EngineHost, EngineSpec
from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN, Tile

Load = Callable[..., Engine]
TRIMAP = (0, 0, 0, 1)
ONE_HOT = (0, 0, 0, 0, 0.5, 1)
COARSE = Recipe(coarse=True)


def tile(height: int, width: int, seed: int = 1) -> Tile:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    trimap = rng.choice(np.array([BACKGROUND, UNKNOWN, FOREGROUND], np.uint8), (height, width))
    return Tile(pixels, trimap, rng.integers(0, 256, (height, width), np.uint8))


def planes(one: Tile) -> NDArray[np.uint8]:
    return np.dstack((one.pixels, one.trimap, one.coarse))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine sets for its process ends with the test."""
    for name in ("CUDA_VISIBLE_DEVICES", "ORT_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture
def options(tmp_path: Path) -> Callable[[bytes, Recipe], dict[str, Any]]:
    def make(data: bytes, recipe: Recipe) -> dict[str, Any]:
        path = tmp_path / "network.onnx"
        path.write_bytes(data)
        return {"model": str(path), "recipe": recipe.to_json(), "device": "cpu", "name": "fine"}

    return make


@pytest.fixture
def load(options: Callable[[bytes, Recipe], dict[str, Any]]) -> Load:
    return lambda data, recipe: onnx.load(options(data, recipe))


@pytest.mark.parametrize("size", [(1024, 1024), (1, 1), (700, 1024), (333, 17)])
def test_vitmattes_ports_are_fed_at_their_fixed_size_whatever_the_tiles(
    load: Load, size: tuple[int, int]
) -> None:
    """Padded, not squashed: every pixel's trimap comes back as it was."""
    engine = load(networks.refining(4, TRIMAP, (1024, 1024)), VITMATTE)
    given = tile(*size)
    assert (engine.matte(planes(given)).alpha == given.trimap).all()


def test_vitmattes_colours_are_from_0_to_1(load: Load) -> None:
    engine = load(networks.refining(4, (0, 1, 0, 0), (1024, 1024)), VITMATTE)
    given = tile(40, 50)
    assert (engine.matte(planes(given)).alpha == given.pixels[:, :, 1]).all()


@pytest.mark.parametrize("size", [(64, 96), (1, 1), (31, 33), (500, 321)])
def test_gcas_ports_are_fed_one_hot_at_multiples_of_32(load: Load, size: tuple[int, int]) -> None:
    engine = load(networks.refining(6, ONE_HOT, multiple_of=32), GCA)
    given = tile(*size)
    assert (engine.matte(planes(given)).alpha == given.trimap).all()


def test_gcas_colours_are_normalised_as_imagenets(load: Load) -> None:
    weights = (0.229, 0, 0, 0.485, 0.485, 0.485)  # undoes it for red: the one-hot planes add to 1
    engine = load(networks.refining(6, weights, multiple_of=32), GCA)
    given = tile(40, 50)
    apart = engine.matte(planes(given)).alpha.astype(int) - given.pixels[:, :, 0]
    assert np.abs(apart).max() <= 1


def test_a_network_that_takes_the_coarse_alpha_gets_it(load: Load) -> None:
    engine = load(networks.refining(4, TRIMAP), COARSE)
    given = tile(70, 90)
    assert (engine.matte(planes(given)).alpha == given.coarse).all()


def test_a_network_may_take_both(load: Load) -> None:
    engine = load(networks.refining(5, (0, 0, 0, 0.5, 0.5)), Recipe(trimap="plane", coarse=True))
    given = tile(70, 90)
    mean = (given.trimap.astype(float) + given.coarse) / 2
    assert np.abs(engine.matte(planes(given)).alpha - mean).max() <= 1


@pytest.mark.parametrize(
    ("data", "recipe", "said"),
    [
        (networks.same(), VITMATTE, "not (1, 4, height, width) as trimap and coarse say"),
        (networks.refining(4, TRIMAP), GCA, "not (1, 6, height, width)"),
        (networks.refining(4, TRIMAP, (512, 512)), VITMATTE, "`size` has to say so"),
        (networks.same((1, 4, None, None), networks.Type.UINT8), VITMATTE, "takes bytes"),
    ],
)
def test_a_network_with_other_ports_is_refused_in_one_line(
    load: Load, data: bytes, recipe: Recipe, said: str
) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        load(data, recipe)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        {"short_side": 512},
        {"layout": "hwc"},
        {"range": "0..max"},
        {"activation": "min_max"},
    ],
)
def test_a_recipe_that_no_refiner_can_mean_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="refiner"):
        Recipe(trimap="plane", **fault)


# In a process of its own


@pytest.fixture
def asked(
    options: Callable[[bytes, Recipe], dict[str, Any]], tmp_path: Path
) -> Iterator[Callable[[bytes, Recipe], refiners.Refiner]]:
    """Start the process, and ask it as a photo process does."""
    hosts: list[EngineHost] = []
    clients: list[refiners.Refiner] = []

    def start(data: bytes, recipe: Recipe) -> refiners.Refiner:
        host = EngineHost(
            EngineSpec("onnx", options(data, recipe)), tmp_path / "run", lambda *_: None
        )
        hosts.append(host)
        host.start()
        told = {"socket": host.socket_path, "connect_s": 20, "photo": "1"}
        client = refiners.load("onnx", told | {"timeout_s": 60, "queue_timeout_s": 60})
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()
    for host in hosts:
        host.stop()


def test_a_photo_is_refined_tile_by_tile_at_its_own_size(
    asked: Callable[[bytes, Recipe], refiners.Refiner],
) -> None:
    """Red is alpha in the band, and nothing but the trimap elsewhere; tiles leave no seam."""
    refiner = asked(
        networks.refining(4, (1, 0, 0, 0), (256, 256)), Recipe(size=(256, 256), trimap="plane")
    )
    assert refiner.side == 256
    rng = np.random.default_rng(5)
    photo = rng.integers(0, 256, (900, 700, 3), np.uint8)
    coarse = np.zeros((90, 70), np.uint8)
    coarse[20:70, 20:50] = 255
    done = fine(coarse, photo, refiner)
    trimap = np.asarray(trimap_of(coarse)).repeat(10, axis=0).repeat(10, axis=1)
    assert done.tiles > 4
    assert (done.alpha[trimap == FOREGROUND] == 65535).all()
    assert (done.alpha[trimap == BACKGROUND] == 0).all()
    apart = done.alpha[trimap == UNKNOWN] / 257 - photo[..., 0][trimap == UNKNOWN]
    assert np.abs(apart).max() < 0.6


def test_the_process_says_what_it_is(asked: Callable[[bytes, Recipe], refiners.Refiner]) -> None:
    refiner = asked(networks.refining(6, ONE_HOT, multiple_of=32), GCA)
    assert refiner.describe()["name"].startswith("fine ")
    assert refiner.side == 1024


def test_a_picture_of_three_planes_is_not_for_it(
    asked: Callable[[bytes, Recipe], refiners.Refiner],
) -> None:
    refiner: Any = asked(networks.refining(4, TRIMAP), COARSE)
    with pytest.raises(RequestRefused, match=f"height, width, {REFINED}"):
        refiner._connection.matte(
            np.zeros((8, 8, 3), np.uint8), photo="1", timeout_s=9, queue_timeout_s=9
        )


def test_a_process_that_has_ended_is_lost_with_one_line(
    asked: Callable[[bytes, Recipe], refiners.Refiner],
) -> None:
    refiner: Any = asked(networks.refining(4, TRIMAP), COARSE)
    os.kill(refiner._connection.pid, 9)
    with pytest.raises(EngineLost):
        refiner.refine(tile(8, 8))
