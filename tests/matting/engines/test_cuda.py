"""What is said of GPUs, with a driver library made for it: this project is built without one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from laboratory import Laboratory, interpreter

from matting.engines import cuda
from matting.engines.accelerator import EXIT_BROKEN

LOOK = "import json; from matting.engines import cuda; print(json.dumps(cuda.look()))"


def look(driver, **environ):
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env=os.environ | {"LD_LIBRARY_PATH": driver} | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_driver_tells_name_capability_and_memory(driver):
    assert look(driver) == [[["Fake 4090", [8, 9], 24 << 30]], ""]
    gpus, trouble = look(driver, FAKE_COUNT="2", FAKE_CAPABILITY="75")
    assert [gpu[1] for gpu in gpus] == [[7, 5], [7, 5]]
    assert not trouble


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"FAKE_COUNT": "0"}, "it sees no GPU"),
        ({"FAKE_INIT": "100"}, "it sees no GPU"),
        ({"FAKE_INIT": "803"}, "are of different versions; reboot (cuInit said 803)"),
        ({"FAKE_INIT": "999"}, "it does not start (cuInit said 999)"),
    ],
)
def test_a_driver_in_trouble_says_which(driver, environ, reason):
    gpus, trouble = look(driver, **environ)
    assert gpus == []
    assert trouble.startswith("driver: ")
    assert reason in trouble


def test_libraries_are_found_in_the_system_and_in_wheels(driver, tmp_path):
    lib = tmp_path / "nvidia" / "cuda_runtime" / "lib"
    lib.mkdir(parents=True)
    shutil.copy(Path(driver) / "libcuda.so.1", lib / "libcudart.so.12")
    wanted = ["libc.so.6", "libcudart.so.12", "libcudnn.so.9"]
    assert cuda.missing(wanted, str(tmp_path)) == ["libcudnn.so.9"]


def test_tensorflow_says_which_of_wheel_cuda_and_cudnn_keeps_it_off_a_gpu(driver, tmp_path):
    """And at last, whether losing the GPU's context costs the process and a full GPU does not."""
    python = interpreter("tf1")
    if python is None:
        pytest.skip("NO .venv-tf1: what is said of GPUs is NOT tested; `make engine-tf1` makes it")
    lab = Laboratory("tf1", python, str(tmp_path / "lab"), LD_LIBRARY_PATH=driver)
    red = lab.graph("red")

    too_new = lab.ask("load", model=red, device="gpu")["unavailable"]
    assert "wheel: TensorFlow 1.15.5 for CUDA 10 has no code for the Fake 4090" in too_new
    assert "compute capability is 8.9 (7.x is the newest it knows); use TensorFlow 2" in too_new

    lab.ask("set", name="FAKE_CAPABILITY", value="75")
    bare = lab.ask("load", model=red, device="gpu")["unavailable"]
    assert "CUDA: cannot load libcudart.so.10.0, libcublas.so.10.0" in bare
    assert "cuDNN: cannot load libcudnn.so.7" in bare

    lab.ask("set", name="FAKE_COUNT", value="0")
    assert lab.ask("load", model=red, device="cpu")["device"] == "cpu"
    pixels = str(tmp_path / "pixels.npy")
    np.save(pixels, np.zeros((20, 30, 3), np.uint8))
    full = lab.ask("fail", model=red, source=pixels, message="Dst tensor is not initialized.")
    assert full.startswith("EngineOutOfMemory")
    with pytest.raises(AssertionError, match="the GPU's context is lost: CUDA_ERROR_ILLEGAL"):
        lab.ask("fail", model=red, source=pixels, message="CUDA_ERROR_ILLEGAL_ADDRESS: oh")
    assert lab.exit_code() == EXIT_BROKEN
    lab.close()
