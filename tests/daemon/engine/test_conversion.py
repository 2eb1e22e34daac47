"""A converted network counts only if photos cannot tell it from its graph."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import yaml
from laboratory import Laboratory, interpreter

import daemon
from daemon.engine import conversion
from daemon.engine.parity import Seen, Sight, compare, look, sights, turned
from daemon.errors import MattedError, NoEngine
from matting.models.model import Model
from matting.models.store import Store
from matting.networks.recipe import BSHM
from matting.process.host import EngineSpec

NAMES = ("astronaut.jpg", "coffee.jpg", "cat.jpg")


@pytest.fixture(scope="module")
def lab(laboratory: Callable[[str], Laboratory]) -> Laboratory:
    """What converts."""
    return laboratory("tf2")


@pytest.fixture(scope="module")
def small(lab: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A BSHM of an eighth of the width: graph and network."""
    graph, network = (tmp_path_factory.mktemp("small") / f"small.{end}" for end in ("pb", "onnx"))
    lab.ask("freeze", path=str(graph), width=8, seed=1, coarse=[96, 80])
    assert lab.ask("convert", source=str(graph), target=str(network)) is None
    return graph, network


@pytest.fixture(scope="module")
def pictures(made_photos: Path) -> list[Sight]:
    found = [made_photos / name for name in NAMES]
    return list(sights(found, long_side=400, max_pixels=10**8))


@pytest.fixture(scope="module")
def by_graph(small: tuple[Path, Path], pictures: list[Sight]) -> list[Seen]:
    """What TensorFlow 2 makes of the pictures."""
    return look(graph_spec(small[0], "tf2"), pictures)


def graph_spec(graph: Path, name: str) -> EngineSpec:
    options = {"model": str(graph), "device": "cpu"}
    return EngineSpec("bshm", options, interpreter(name), start_timeout_s=60)


def network_spec(network: Path) -> EngineSpec:
    return EngineSpec(
        "onnx", {"model": str(network), "device": "cpu", "recipe": BSHM.to_json()}, None
    )


def test_tensorflow_1_and_2_and_onnx_agree_on_real_photos_within_one_step(
    laboratory: Callable[[str], Laboratory],
    small: tuple[Path, Path],
    pictures: list[Sight],
    by_graph: list[Seen],
) -> None:
    """Three engine processes, three pairs; in alpha that has every level, or it were no test."""
    laboratory("tf1")  # skips if there is none
    seen = {
        "tf1": look(graph_spec(small[0], "tf1"), pictures),
        "tf2": by_graph,
        "onnx": look(network_spec(small[1]), pictures),
    }
    levels = np.unique(np.concatenate([one.alpha.ravel() for one in by_graph]))
    assert len(levels) > 150
    for pair in (("tf1", "tf2"), ("tf1", "onnx"), ("tf2", "onnx")):
        compared = tuple(map(compare, pictures, *(seen[name] for name in pair)))
        assert max(one.worst for one in compared) <= 1, pair
        assert max(one.share for one in compared) < 0.01, pair


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("coordinate_transformation_mode", "asymmetric"), ("mode", "nearest")],
    ids=["corners instead of centres", "no blending"],
)
def test_a_network_that_resizes_otherwise_is_found_out(
    small: tuple[Path, Path],
    pictures: list[Sight],
    by_graph: list[Seen],
    tmp_path: Path,
    kind: str,
    mode: str,
) -> None:
    """The classical faults of conversions; only the last enlargement of alpha is spoilt here."""
    network = onnx.load(str(small[1]))
    last = [node for node in network.graph.node if node.op_type == "Resize"][-1]
    (attribute,) = [one for one in last.attribute if one.name == kind]
    attribute.s = mode.encode()
    onnx.save(network, str(tmp_path / "spoilt.onnx"))
    seen = look(network_spec(tmp_path / "spoilt.onnx"), pictures)
    verdict = conversion.Comparison(tuple(map(compare, pictures, by_graph, seen)))
    with pytest.raises(MattedError, match=r"is another one: its alpha is \d+ of 255 off at \("):
        conversion.demand(verdict)


def test_a_difference_is_told_with_its_place_and_one_step_is_allowed() -> None:
    sight = Sight("a.jpg", np.zeros((4, 6, 3), np.uint8))
    alpha = np.full((4, 6), 100, np.uint8)
    alpha[0, 0] = 255
    other = alpha.copy()
    other[3, 2] = 103
    found = compare(sight, Seen(alpha, 1.0), Seen(other, 2.0))
    assert (found.worst, found.at, found.span) == (3, (2, 3), 154)
    assert found.share == pytest.approx(1 / 24)
    assert "3 of 255 off at (2, 3) of a.jpg" in conversion.Comparison((found,)).fault
    other[3, 2] = 101
    assert not conversion.Comparison((compare(sight, Seen(alpha, 1), Seen(other, 1)),)).fault


def test_the_level_that_rescaling_leaves_out_makes_no_two_of_one() -> None:
    """126 and 127 of the network's are 126 and 128 in the matte."""
    sight = Sight("a.jpg", np.zeros((1, 2, 3), np.uint8))
    one, other = (np.array([[level, 255]], np.uint8) for level in (126, 128))
    assert compare(sight, Seen(one, 1), Seen(other, 1)).worst == 1


def test_alpha_that_is_the_same_everywhere_proves_nothing() -> None:
    sight = Sight("wall.jpg", np.zeros((2, 2, 3), np.uint8))
    flat = Seen(np.full((2, 2), 255, np.uint8), 1)
    verdict = conversion.Comparison((compare(sight, flat, flat),))
    assert verdict.fault.startswith("these photos prove nothing")


@pytest.mark.parametrize("size", [(40, 60), (60, 40), (50, 50), (7, 8), (1, 9), (2, 2), (1, 1)])
def test_a_part_is_odd_and_lies_the_other_way(size: tuple[int, int]) -> None:
    part = turned(np.zeros((*size, 3), np.uint8))
    height, width = part.shape[:2]
    assert height % 2 == width % 2 == 1
    if min(size) > 2:
        assert (height > width) == (size[1] >= size[0])


def test_without_a_place_to_convert_at_one_line_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "__file__", str(tmp_path / "daemon" / "__init__.py"))
    with pytest.raises(NoEngine, match=r"`make converter` makes .*--python names"):
        conversion.converter()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "matted.yaml"
    folder = {"watch": str(tmp_path / "in"), "results": str(tmp_path / "out")}
    path.write_text(yaml.safe_dump({"folders": [folder], "state_dir": str(tmp_path / "state")}))
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A gradient; every level of red."""
    path = tmp_path / "photo.png"
    red = np.tile(np.arange(255, dtype=np.uint8), (120, 1))
    cv2.imwrite(str(path), cv2.merge([red // 2, red // 3, red]))
    return path


def install(store: Store, graph: str) -> None:
    """Install a graph as bshm, without trying it out."""
    content = Path(graph).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    with store.installing("bshm") as workplace:
        candidate = workplace / "graph.pb"
        candidate.write_bytes(content)
        about: Any = {"source": "a test", "licence": "Apache-2.0", "warnings": (), "recipe": None}
        model = Model(name="bshm", engine="bshm", path=candidate, sha256=sha256, **about)
        store.activate(model, candidate, b"no picture")


def matted(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon", "model", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_installed_graph_becomes_an_installed_network_that_stays_labelled(
    lab: Laboratory, config: Path, photo: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "state" / "models")
    install(store, lab.graph("untrained"))
    done = matted("convert", "bshm", photo, "--config", config, "--python", lab.python)
    assert done.returncode == 0, done.stderr
    assert "bshm-onnx is installed" in done.stdout
    model = store.find("bshm-onnx")
    assert model is not None
    assert (model.engine, model.recipe) == ("onnx", BSHM)
    assert model.source.startswith("converted from bshm ")
    assert model.licence == "Apache-2.0"
    assert any("the model is not trained" in warning for warning in model.warnings)


def test_a_conversion_that_photos_betray_is_refused_and_leaves_nothing(
    lab: Laboratory, photo: Path, tmp_path: Path
) -> None:
    """tf2onnx itself makes this mistake: it has no ResizeArea, and takes another."""
    folder = tmp_path / "networks"
    folder.mkdir()
    grained = np.random.default_rng(1).integers(0, 255, (90, 121, 3), np.uint8)
    cv2.imwrite(str(photo), grained)
    arguments = ["--from", lab.graph("area"), "--out", folder / "area.onnx"]
    done = matted("convert", "bshm", photo, *arguments, "--python", lab.python)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("matted: the converted network is another one: its alpha is ")
    assert "of photo.png" in line
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "says", "code"),
    [
        ({"name": "u2net"}, "'u2net' is no frozen graph; what can be converted: bshm,", 2),
        ({"source": None}, "matted model install bshm`, or --from a frozen graph", 1),
        ({"python": "no-such-python"}, "there is no program no-such-python", 3),
        ({"python": sys.executable}, "it has no TensorFlow", 3),
        ({"photo": "no-such.jpg"}, "no-such.jpg cannot be read: No such file", 1),
    ],
    ids=["no graph", "not installed", "no interpreter", "no TensorFlow", "no photo"],
)
def test_what_cannot_be_done_is_said_in_one_line(
    photo: Path, config: Path, tmp_path: Path, wrong: dict[str, str], says: str, code: int
) -> None:
    given = {"name": "bshm", "photo": photo, "source": photo, "python": "python3"} | wrong
    source = ["--from", given["source"]] if given["source"] else []
    arguments = [given["name"], given["photo"], *source, "--python", given["python"]]
    done = matted("convert", *arguments, "--config", config)
    assert done.returncode == code, done.stderr
    (line,) = done.stderr.splitlines()
    assert says in line
    assert not (tmp_path / "state" / "models" / "bshm-onnx.json").exists()
