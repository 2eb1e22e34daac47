"""The networks that training starts from, and what it exports: equal to what OpenCV runs."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training alone: see `make train`")

from matting.training import (  # noqa: E402 - they need PyTorch
    average,
    coarse,
    export,
    fine,
    selfie,
    u2netp,
)

WEIGHTS = Path(coarse.__file__).parents[1] / "weights"
NETWORKS = Path(os.environ.get("NETWORKS", ".train/networks"))
SELFIE, U2NETP = NETWORKS / "selfie_segmentation.tflite", NETWORKS / "u2netp.onnx"
published = pytest.mark.skipif(
    not (SELFIE.exists() and U2NETP.exists()), reason=f"the two networks are not in {NETWORKS}"
)
quiet = pytest.mark.filterwarnings("ignore")  # the exporter has many to tell, none of them ours


def _fed(side: int, channels: int = 3) -> np.ndarray:
    rough = np.random.default_rng(5).random((side // 16, side // 16, channels)).astype(np.float32)
    smooth = cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    return smooth.transpose(2, 0, 1)[None]


def _opencv(network, fed: np.ndarray) -> np.ndarray:
    network.setInput(fed)
    return network.forward(network.getUnconnectedOutLayersNames())[0]


@published
def test_selfie_is_read_as_it_was_published():
    fed = _fed(256)
    with torch.no_grad():
        ours = torch.sigmoid(selfie.Selfie(SELFIE)(torch.from_numpy(fed))).numpy()
    theirs = _opencv(cv2.dnn.readNetFromTFLite(str(SELFIE)), fed)
    assert np.abs(ours - theirs).max() < 1e-3


@published
def test_u2netp_is_read_as_it_was_published():
    runtime = pytest.importorskip("onnxruntime", reason="the extra `train` has it")
    fed, network = _fed(320) * 4 - 2, u2netp.U2NetP()
    network.read(U2NETP)
    with torch.no_grad():
        ours = torch.sigmoid(network(torch.from_numpy(fed))[0]).numpy()
    session = runtime.InferenceSession(str(U2NETP), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: fed})[0]
    assert np.abs(ours - theirs).max() < 1e-3


@published
@quiet
def test_the_coarse_network_is_exported_as_it_is(tmp_path):
    """As it is with its weights rounded to the half precision in which they are stored."""
    network = coarse.Answering(coarse.Coarse(SELFIE, U2NETP)).eval()
    export.write(network, (1, 3, 320, 320), tmp_path / "coarse.onnx")
    for weights in network.parameters():
        weights.data = weights.data.half().float()
    fed = _fed(320)
    with torch.no_grad():
        ours = network(torch.from_numpy(fed)).numpy()
    theirs = _opencv(cv2.dnn.readNetFromONNX(str(tmp_path / "coarse.onnx")), fed)
    assert np.abs(ours - theirs).max() < 1e-3


@published
@pytest.mark.parametrize("file", ["aged.onnx", "aged-alone.onnx"])
def test_what_is_shipped_can_be_taught_on(file):
    network = coarse.Coarse(SELFIE, U2NETP).eval()
    network.read(WEIGHTS / file)
    fed = _fed(256)
    with torch.no_grad():
        ours = torch.sigmoid(network(torch.from_numpy(fed))[0]).numpy()
    assert np.abs(ours - _opencv(cv2.dnn.readNetFromONNX(str(WEIGHTS / file)), fed)).max() < 1e-5


@published
def test_a_mean_of_sittings_has_what_they_have_in_common_and_the_start_its_share():
    first = coarse.Coarse(SELFIE, U2NETP)
    started = {name: value.clone() for name, value in first.state_dict().items()}
    kept = [{name: value + more for name, value in started.items()} for more in (0.2, 0.6)]
    first.load_state_dict(average.mixed(started, kept, 0.25))
    for name, value in first.state_dict().items():
        assert torch.allclose(value, started[name] + 0.1, atol=1e-6), name


@published
def test_a_checkpoint_can_be_gone_on_from_as_well(tmp_path):
    first, second = coarse.Coarse(SELFIE, U2NETP), coarse.Coarse(SELFIE, U2NETP)
    first.read(WEIGHTS / "aged.onnx")
    torch.save(first.state_dict(), tmp_path / "coarse.pt")
    second.read(tmp_path / "coarse.pt")
    assert torch.equal(second.shares, first.shares)


@published
def test_another_network_is_no_start():
    with pytest.raises(ValueError, match="another network"):
        coarse.Coarse(SELFIE, U2NETP).read(WEIGHTS / "aged-fine.onnx")


@quiet
def test_the_fine_network_is_exported_as_it_is_for_any_size(tmp_path):
    network = fine.Fine()
    torch.nn.init.normal_(network.last.weight, 0, 0.1)
    network(torch.rand(2, 6, 64, 64))  # its normalisations have seen something
    network.eval()
    export.write(fine.Refining(network), (1, 6, 64, 64), tmp_path / "fine.onnx", any_size=True)
    read = cv2.dnn.readNetFromONNX(str(tmp_path / "fine.onnx"))
    for side in (64, 96):
        fed = _fed(side, 6)
        with torch.no_grad():
            ours = network(torch.from_numpy(fed)).clamp(0, 1).numpy()
        assert np.abs(ours - _opencv(read, fed)).max() < 5e-3


def test_the_fine_network_starts_as_closed_form():
    fed = torch.rand(1, 6, 64, 64)
    with torch.no_grad():
        alpha = fine.Fine().eval()(fed).clamp(0, 1)
    assert (alpha - fed[:, 4:5]).abs().max() < 0.02
