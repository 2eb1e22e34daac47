"""The weights that are shipped: what is told of them, made anywhere and on photos at hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from matting.training import evaluate

WEIGHTS = Path(evaluate.__file__).parents[1] / "weights" / "aged.onnx"
SHARED = Path(__file__).parents[4] / "shared"
SIDE = 320


@pytest.fixture(scope="module", params=["aged.onnx", "aged-alone.onnx"])
def look(request):
    return evaluate.coarse(WEIGHTS.with_name(request.param), SIDE, mirrored=False)


@pytest.fixture(scope="module")
def astronaut():
    skimage = pytest.importorskip("skimage.data", reason="scikit-image has the astronaut")
    return skimage.astronaut()


def _old(picture: np.ndarray, *, damaged: bool) -> np.ndarray:
    """Faded, yellowed, grainy and soft; then scratched and folded."""
    rng = np.random.default_rng(3)
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), 0.8) / 255
    grey = 0.22 + 0.58 * grey + rng.normal(0, 0.018, grey.shape)
    old = np.clip(grey[..., None] * [1.05, 0.92, 0.72] * 255, 0, 255).astype(np.uint8)
    height, width = old.shape[:2]
    if damaged:
        for x in rng.uniform(0, width, 5):
            ends = (int(x), 0), (int(x + rng.uniform(-30, 30)), height)
            cv2.line(old, *ends, (255, 242, 230), 1, cv2.LINE_AA)
        cv2.line(old, (0, height // 2), (width, height // 2 + 20), (242, 230, 204), 2, cv2.LINE_AA)
    return old


@pytest.mark.parametrize("file", ["aged.onnx", "aged-alone.onnx"])
def test_opencv_and_onnx_runtime_agree_on_them(astronaut, file):
    runtime = pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    path = WEIGHTS.with_name(file)
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    square = cv2.resize(astronaut, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    fed = cv2.dnn.blobFromImage(square, 1 / 255)
    theirs = session.run(None, {session.get_inputs()[0].name: fed})[0][0, 0]
    ours = evaluate.coarse(path, SIDE, mirrored=False)(square)
    assert np.abs(theirs - ours).max() < 1e-3


@pytest.mark.parametrize(
    "file", sorted(set(WEIGHTS.parent.glob("*.[opt][nbf]*"))), ids=lambda one: one.name
)
def test_they_are_small(file):
    assert file.stat().st_size < 4_000_000


def test_the_fine_network_keeps_what_is_sure_and_moves_an_edge_little(astronaut, look):
    """Of any size; closed form is the default, so this is for who names it himself."""
    network = cv2.dnn.readNetFromONNX(str(WEIGHTS.with_name("aged-fine.onnx")))
    for side in (256, 320):
        square = cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA)
        coarse = np.rint(cv2.resize(look(astronaut), (side, side)) * 255).astype(np.uint8)
        network.setInput(cv2.dnn.blobFromImage(np.dstack((square, coarse)), 1 / 255))
        alpha = network.forward()[0, 0] * 255
        assert alpha.shape == (side, side)
        assert 0 <= alpha.min() <= alpha.max() <= 255
        assert np.abs(alpha - coarse)[(coarse < 5) | (coarse > 250)].mean() < 5
        assert (np.abs(alpha - coarse) > 2).mean() > 0.01


@pytest.mark.parametrize(("damaged", "least"), [(False, 0.9), (True, 0.65)])
def test_age_does_not_hide_a_person(astronaut, look, damaged, least):
    """By much less than it should where white lines are drawn at full strength; see the card."""
    fresh = look(astronaut) > 0.5
    old = look(_old(astronaut, damaged=damaged)) > 0.5
    assert 0.3 < fresh.mean() < 0.6
    assert (fresh & old).sum() / (fresh | old).sum() > least


def test_taught_on_it_loses_less_to_damage(astronaut):
    """What the third sitting was for: full scratches, and a fold from side to side."""
    lost = {}
    for file in ("aged.onnx", "aged-alone.onnx"):
        look = evaluate.coarse(WEIGHTS.with_name(file), SIDE, mirrored=False)
        fresh, old = look(astronaut) > 0.5, look(_old(astronaut, damaged=True)) > 0.5
        lost[file] = 1 - (fresh & old).sum() / (fresh | old).sum()
    assert lost["aged-alone.onnx"] < 0.75 * lost["aged.onnx"]


@pytest.mark.parametrize("kind", ["flat", "noise", "slope", "stripes"])
def test_nobody_is_found_where_there_is_nothing(look, kind):
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:400, :300] / 400
    grey = {
        "flat": np.full((400, 300), 0.5),
        "noise": rng.random((400, 300)),
        "slope": 0.2 + 0.6 * y,
        "stripes": 0.5 + 0.4 * np.sin(x * 60),
    }[kind]
    picture = (np.repeat(grey[..., None], 3, axis=2) * 255).astype(np.uint8)
    assert (look(picture) > 0.5).mean() < 0.02


@pytest.mark.skipif(not SHARED.exists(), reason=f"no photos at {SHARED}")
def test_photos_with_a_reference(look):
    scores = evaluate.photos(SHARED, look)
    assert np.mean([score.overlap for score in scores]) > 0.91
