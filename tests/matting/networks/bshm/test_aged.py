"""The graph of our own two networks: trained weights by BSHM's published contract."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from matting.models.catalog import CATALOG, Shipped
from matting.models.download import Listener
from matting.models.install import Order, install
from matting.models.store import Store
from matting.models.trial import TrialSettings


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """The file that `matted model install bshm-aged` takes."""
    (source,) = CATALOG["bshm-aged"].sources
    assert isinstance(source, Shipped)
    copied = tmp_path_factory.mktemp("aged") / source.file
    copied.write_bytes((resources.files("matting.weights") / source.file).read_bytes())
    return copied


@pytest.fixture(scope="module")
def astronaut():
    data = pytest.importorskip("skimage.data", reason="scikit-image has the astronaut")
    return np.ascontiguousarray(cv2.resize(data.astronaut(), (301, 330)))


def test_it_is_small(graph: Path) -> None:
    assert graph.stat().st_size < 4_000_000


@pytest.fixture(scope="module")
def alphas(laboratory, graph, astronaut):
    """What each TensorFlow that is at hand makes of the astronaut."""
    return {name: laboratory(name).matte(str(graph), astronaut) for name in ("tf1", "tf2")}


def test_tensorflow_1_and_2_agree_on_it_within_one_step(alphas) -> None:
    apart = np.abs(alphas["tf1"].astype(int) - alphas["tf2"])
    assert apart.max() <= 1
    assert len(np.unique(alphas["tf1"])) > 100  # or agreeing would be easy


def test_it_knows_who_is_a_person(alphas) -> None:
    """As the coarse network alone does, and with a trained edge."""
    alpha = alphas["tf2"]
    network = cv2.dnn.readNetFromONNX(str(resources.files("matting.weights") / "aged-alone.onnx"))
    data = pytest.importorskip("skimage.data", reason="scikit-image has the astronaut")
    square = cv2.resize(data.astronaut(), (256, 256), interpolation=cv2.INTER_AREA)
    network.setInput(cv2.dnn.blobFromImage(square, 1 / 255))
    coarse = cv2.resize(network.forward()[0, 0], alpha.shape[::-1]) > 0.5
    said = alpha > 127
    assert (said & coarse).sum() / (said | coarse).sum() > 0.9
    assert (alpha == 255).mean() > 0.2  # opaque is opaque
    assert (alpha == 0).mean() > 0.2


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (233, 1), (63, 90)])
def test_every_size_keeps_its_size(laboratory, graph, size) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
    assert laboratory("tf2").matte(str(graph), pixels).shape == size


def test_swapped_colours_are_noticed(laboratory, graph, astronaut, alphas) -> None:
    swapped = laboratory("tf2").matte(str(graph), np.ascontiguousarray(astronaut[..., ::-1]))
    assert np.abs(swapped.astype(int) - alphas["tf2"]).mean() > 0.5


def test_it_is_installed_by_name_and_tried_out(laboratory, tmp_path: Path) -> None:
    """Without any server; its licence is told, and nobody warns that it is not trained."""
    place = TrialSettings(python=laboratory("tf2").python, device="cpu")
    order = Order(entry=CATALOG["bshm-aged"], place=place)
    model = install(Store(tmp_path / "models"), order, Listener())
    assert (model.path.suffix, model.licence, model.warnings) == (".pb", "Apache-2.0", ())
    assert model.source == "matted's own bshm-aged.pb"
    assert "aged-alone.onnx" in model.tested["model"]
