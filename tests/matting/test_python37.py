"""The engine process runs on the Python that tensorflow-gpu 1.15.5 needs, and sees no daemon."""

import ast
from pathlib import Path

import numpy as np
import pytest

import matting
from matting.errors import EngineUnavailable
from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec

ROOM = Path(matting.__file__).parent
SHARED = [
    *("__init__", "__main__", "errors", "framework", "small_file"),
    *("process/__init__", "process/contract", "process/server", "process/wire"),
    *("networks/__init__", "networks/graph", "networks/modelfile"),
    *(f"networks/bshm/{name}" for name in ("__init__", "__main__", "freeze", "network")),
    *("engines/__init__", "engines/accelerator", "engines/cuda", "engines/obstacles"),
    "engines/tensorflow",
]


@pytest.mark.parametrize("module", SHARED)
def test_modules_of_the_engine_process_keep_to_the_grammar_of_37(module):
    """Holds even where no Python 3.7 is at hand."""
    ast.parse((ROOM / f"{module}.py").read_text("utf-8"), feature_version=(3, 7))


def test_the_engine_process_works_on_python_37_and_sees_nothing_of_the_daemon(make_host, python37):
    host = make_host(python=python37)
    hello = host.start()
    assert hello["python"] == [3, 7]
    assert hello["framework"] == "numpy 1.18.5"
    assert hello["sees_daemon"] is False
    pixels = np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8)
    with connect(host.socket_path, wait_s=5) as engine:
        answer = engine.matte(pixels, photo="1", timeout_s=5, queue_timeout_s=5)
    assert np.array_equal(answer.alpha, pixels[:, :, 0])


def test_an_engine_that_needs_a_newer_python_says_so_in_one_line(tmp_path, log, python37):
    host = EngineHost(EngineSpec("onnx", {}, python37), tmp_path, log)
    with pytest.raises(EngineUnavailable, match=r"does not start under .* \(Python 3\.7\)") as told:
        host.start()
    host.stop()
    assert "\n" not in str(told.value)
