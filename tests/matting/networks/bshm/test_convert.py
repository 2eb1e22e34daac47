"""Frozen graphs as ONNX networks, run here by ONNX Runtime itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

SMALL = {"width": 4, "seed": 3, "coarse": [48, 32]}


@pytest.fixture(scope="module")
def lab(laboratory):
    """What converts."""
    return laboratory("tf2")


@pytest.fixture(scope="module")
def converted(lab, tmp_path_factory):
    """Convert a graph of a kind; the network's file, or why there is none."""
    folder = tmp_path_factory.mktemp("networks")

    def convert(kind):
        target = folder / f"{kind.replace(' ', '-')}.onnx"
        return lab.ask("convert", source=lab.graph(kind), target=str(target)) or target

    return convert


@pytest.fixture(scope="module")
def small(lab, tmp_path_factory):
    """A small BSHM, as a graph and as a network."""
    graph, network = (tmp_path_factory.mktemp("small") / f"small.{end}" for end in ("pb", "onnx"))
    lab.ask("freeze", path=str(graph), **SMALL)
    assert lab.ask("convert", source=str(graph), target=str(network)) is None
    return graph, opened(network)


def opened(path):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def answer(session, pixels):
    return session.run(["output_png"], {"input_image": pixels.astype(np.float32)})[0]


def picture(height, width, seed=1):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (233, 1), (63, 90), (201, 151), (150, 200)])
def test_a_network_takes_every_size_and_answers_as_the_graph_does(lab, small, size):
    graph, session = small
    pixels = picture(*size)
    rgba = answer(session, pixels)
    assert rgba.dtype == np.uint8
    assert rgba.shape == (*size, 4)
    assert np.array_equal(rgba[:, :, :3], pixels)
    wanted = lab.matte(str(graph), pixels).astype(int)
    assert np.abs(rgba[:, :, 3] - (wanted - (wanted > 127))).max() <= 1


def test_a_network_has_the_contracts_names_and_says_that_its_sizes_are_free(small):
    session = small[1]
    ports = [*session.get_inputs(), *session.get_outputs()]
    assert [(port.name, port.type, port.shape) for port in ports] == [
        ("input_image", "tensor(float)", ["height", "width", 3]),
        ("output_png", "tensor(uint8)", ["height", "width", 4]),
    ]


def test_a_network_of_random_weights_says_so_and_names_its_graph(small):
    graph, session = small
    assert session.get_modelmeta().custom_metadata_map == {
        "matted_provenance": "untrained: random weights, seed 3, width 4",
        "matted_source_sha256": hashlib.sha256(graph.read_bytes()).hexdigest(),
    }


def test_what_says_nothing_of_its_weights_is_said_nothing_of(converted):
    facts = opened(converted("red")).get_modelmeta().custom_metadata_map
    assert list(facts) == ["matted_source_sha256"]


@pytest.mark.parametrize("kind", ["red", "looping", "bilinear", "pinned"])
def test_colours_keep_their_order_and_control_flow_and_resizing_survive(lab, converted, kind):
    pixels = picture(40, 61)
    rgba = answer(opened(converted(kind)), pixels)
    wanted = lab.matte(lab.graph(kind), pixels).astype(int)
    assert np.abs(rgba[:, :, 3] - (wanted - (wanted > 127))).max() <= 1


BAD = {
    "dilated": "tf2onnx cannot convert dilated.pb",
    "no input": "it has no tensor input_image:0",
    "nothing": "it is no TensorFlow graph",
    "of floats": "output_png:0 is float, not uint8",
    "reading": "operations that no matting network needs: ReadFile (",
    "variable": "it is not frozen: it has variables",
    "without alpha": "output_png:0 is (any, any, 3), not (height, width, 4)",
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_a_network_is_refused_in_one_line_and_leaves_no_file(converted, kind):
    said = converted(kind)
    assert isinstance(said, str), f"{said} was made of it"
    assert BAD[kind] in said
    assert "\n" not in said


def test_a_truncated_graph_is_refused(lab, small, tmp_path):
    whole = small[0].read_bytes()
    cut = tmp_path / "cut.pb"
    cut.write_bytes(whole[: len(whole) // 2])
    said = lab.ask("convert", source=str(cut), target=str(tmp_path / "cut.onnx"))
    assert "it is no TensorFlow graph, or ends early" in said
    assert not Path(tmp_path / "cut.onnx").exists()
