"""A file becomes a model only after the engine that is to run it has made a matte with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import networks
import numpy as np
import pytest
from install_orders import order, parts
from laboratory import Laboratory
from model_server import ModelServer
from package_orders import ON_CPU

from matting.errors import EngineUnavailable
from matting.models import trial
from matting.models.adoption import Offer, adopt
from matting.models.catalog import CATALOG
from matting.models.download import Listener, RetryLimits
from matting.models.errors import ModelError
from matting.models.install import Order, install
from matting.models.model import Model
from matting.models.store import Store
from matting.models.trial import TrialSettings
from matting.networks.recipe import Recipe


def test_the_picture_of_the_trial_shows_photo_and_matte(
    red_server: ModelServer, store: Store, impatient: RetryLimits
) -> None:
    """The network's alpha is red, so the right half is the left half's red channel."""
    model = install(store, order(red_server), Listener(), impatient)
    shown = cv2.imread(str(store.matte(model)))
    assert shown is not None
    width, height = trial.SIZE
    assert shown.shape == (height, 2 * width, 3)
    drawn = trial.draw()
    assert np.array_equal(shown[:, :width, ::-1], drawn)
    assert np.abs(shown[:, width:, 0].astype(int) - drawn[:, :, 0]).max() <= 1


def test_the_drawn_picture_is_odd_in_size_the_same_every_time_and_has_all_kinds_of_values() -> None:
    drawn = trial.draw()
    assert np.array_equal(drawn, trial.draw())
    assert all(side % 2 for side in trial.SIZE)
    assert len(np.unique(drawn)) > 150


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (networks.same(networks.NHWC), "cannot be used"),
        (networks.same()[:40], "cannot be used|is no ONNX|ends early"),
        (b"", "empty"),
        (b"<html>", "web page"),
    ],
)
def test_a_file_that_breaks_the_engines_contract_is_refused_in_its_words(
    content: bytes, reason: str, store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(content)
    with pytest.raises(EngineUnavailable, match=reason) as caught:
        adopt(store, Offer(name="net", engine="onnx", source="x", recipe=Recipe()), file, ON_CPU)
    assert "\n" not in str(caught.value)
    assert store.list() == ()
    assert parts(store) == []
    assert file.read_bytes() == content


def test_a_matte_of_one_value_is_a_warning_and_no_refusal(store: Store, tmp_path: Path) -> None:
    """A network without training may well see nobody."""
    file = tmp_path / "net.onnx"
    nothing = Recipe(mean=(9.0, 9.0, 9.0))  # everything is far below 0
    file.write_bytes(networks.same())
    offer = Offer(name="net", engine="onnx", source="x", recipe=nothing)
    model = adopt(store, offer, file, ON_CPU)
    assert "its matte of the drawn picture is 0 all over" in model.tested["notes"]
    assert model.warnings == ()


def test_a_frozen_graph_is_tried_out_and_says_that_it_is_untrained(
    store: Store, lab: Laboratory
) -> None:
    graph = Path(lab.graph("untrained"))
    place = TrialSettings(python=lab.python, device="cpu")
    offer = Offer(name="bshm", engine="bshm", source="a test")
    model: Model = adopt(store, offer, graph, place)
    assert "the model is not trained" in model.warnings[0]
    assert model.tested["framework"].startswith("tensorflow ")
    assert model.tested["model"].startswith(f"bshm {model.sha256[:12]} (untrained")
    assert model.path.suffix == ".pb"


def test_the_people_network_is_tried_out_by_its_engine(
    store: Store, people_network: Path, tmp_path: Path
) -> None:
    """From a file, where nothing can be reached; its checksum is the published one's."""
    given = tmp_path / "any-name"
    given.write_bytes(people_network.read_bytes())
    order = Order(entry=CATALOG["selfie"], source=given, place=TrialSettings())
    model = install(store, order, Listener())
    assert model.engine == "people"
    assert model.path.suffix == ".tflite"
    assert model.licence == "Apache-2.0"
    assert model.tested["framework"].startswith("opencv ")
    assert store.find("selfie") == model


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:100_000], "it is damaged or another network"),
        (lambda data: data[:-500], "it is damaged or another network"),
        (lambda data: data[:100_000] + bytes(len(data) - 100_000), "damaged or another network"),
        (lambda _: networks.same(), "it is no TensorFlow Lite file"),
        (lambda _: b"", "the file is empty"),
    ],
)
def test_a_people_network_that_was_cut_or_exchanged_is_refused_in_a_line(
    change: Callable[[bytes], bytes], reason: str, store: Store, people_network: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    """By its checksum where that is known, else by the engine that tries it out."""
    file = tmp_path / "net.tflite"
    file.write_bytes(change(people_network.read_bytes()))
    with pytest.raises(EngineUnavailable, match=reason) as caught:
        adopt(store, Offer(name="selfie", engine="people", source="x"), file, TrialSettings())
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="is not the published selfie: its sha256 is"):
        install(
            store, Order(entry=CATALOG["selfie"], source=file, place=TrialSettings()), Listener()
        )
    assert store.list() == ()
