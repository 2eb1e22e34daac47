"""Where a network runs: on the GPU or the processor, never silently elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import networks
import pytest
from networks import in_a_process

from matting.engines import cuda
from matting.engines.accelerator import EXIT_BROKEN
from matting.engines.onnx import runtime

DRIVER = Path("/proc/driver/nvidia/version")


def test_auto_says_what_it_chose_and_why(engine, capsys):
    if DRIVER.exists():
        pytest.skip("this machine has a GPU")
    said = engine(networks.bshm(), device="auto").describe()
    assert said["device"] == "cpu"
    assert "driver: no NVIDIA driver is loaded" in said["device_reason"]
    assert f"device {said['device_reason']}" in capsys.readouterr().err.splitlines()


def test_a_demanded_gpu_that_is_not_there_is_refused_with_the_reason(refusal):
    if DRIVER.exists():
        pytest.skip("this machine has a GPU")
    said = refusal(networks.bshm(), device="gpu")
    assert said.startswith("device: gpu is demanded")
    assert "driver: no NVIDIA driver is loaded" in said
    assert "there is no device tpu" in refusal(networks.bshm(), device="tpu")


def test_a_wheel_without_cuda_is_named_where_there_is_a_gpu(driver, tmp_path):
    path = tmp_path / "red.onnx"
    path.write_bytes(networks.bshm())
    said = in_a_process(
        f"load({{'model': {str(path)!r}, 'device': 'gpu'}})", LD_LIBRARY_PATH=driver
    )
    assert "EngineUnavailable: device: gpu is demanded" in said.stderr
    assert "wheel: this ONNX Runtime " in said.stderr
    assert "is built without CUDA" in said.stderr
    assert "driver" not in said.stderr.partition("EngineUnavailable: ")[2]


GPU = cuda.Gpu("Fake 4090", (8, 9), 24 << 30)


def with_cuda(site):
    """A wheel that is built with CUDA, installed in an empty directory."""
    providers = (runtime.TENSORRT, runtime.CUDA, "CPUExecutionProvider")
    return runtime.Runtime(None, "1.31.1", "99.0", providers, str(site), (ValueError,))


def test_which_of_driver_cuda_cudnn_and_wheel_keeps_it_off_the_gpu(tmp_path):
    said = runtime.obstacle(with_cuda(tmp_path), cuda.Gpus((GPU,), ""))
    assert "CUDA: cannot load libcudart.so.99, libcublas.so.99" in said
    assert "cuDNN: cannot load libcudnn.so.9" in said
    none = cuda.Gpus((), "driver: it is not initialised")
    assert runtime.obstacle(with_cuda(tmp_path), none) == "driver: it is not initialised"
    assert "TensorRT: cannot load libnvinfer.so.10" in runtime.without_tensorrt(with_cuda(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CUDA failure 35: CUDA driver version is insufficient for CUDA", "driver: it is too old"),
        ("CUDA failure 209: no kernel image is available", "has no code for the Fake 4090, whose"),
        ("CUDNN failure 1001: CUDNN_STATUS_NOT_INITIALIZED", "cuDNN: CUDNN failure 1001"),
        ("CUDA failure 2: out of memory", "CUDA: CUDA failure 2"),
        ("Fatal error: Foo(-1) is not a registered function/op", ""),
    ],
)
def test_what_an_error_on_the_gpu_is_about(tmp_path, text, said):
    explained = runtime.explained(text, GPU, with_cuda(tmp_path))
    assert said in explained
    assert bool(said) == bool(explained)


FALLING_BACK = """
import dataclasses
from matting.engines.onnx import OnnxEngine, program, runtime
found = runtime.Runtime.load()
providers = (runtime.CUDA, *found.providers)
found = dataclasses.replace(found, providers=providers, cuda_version="99.0", site={site!r})
engine = OnnxEngine(found, program.load({path!r}), "red", None, {device!r})
print(engine.describe())
"""


def test_a_silent_fallback_to_the_processor_is_noticed(driver, tmp_path):
    """As where the CUDA libraries are there, and something in them does not suit."""
    (tmp_path / "red.onnx").write_bytes(networks.bshm())
    libraries = tmp_path / "nvidia" / "cu99" / "lib"
    libraries.mkdir(parents=True)
    names = ["cudart.so.99", "cublas.so.99", "cublasLt.so.99", "cufft.so.12", "curand.so.10"]
    for name in [*names, "cudnn.so.9"]:
        shutil.copy(Path(driver) / "libcuda.so.1", libraries / f"lib{name}")
    for device in ("gpu", "auto"):
        code = FALLING_BACK.format(
            site=str(tmp_path), path=str(tmp_path / "red.onnx"), device=device
        )
        said = in_a_process(code, LD_LIBRARY_PATH=driver)
        if device == "gpu":
            assert "device: gpu is demanded" in said.stderr
            assert "wheel: ONNX Runtime does not take the GPU" in said.stderr
        else:
            assert "'device': 'cpu'" in said.stdout
            assert "wheel: ONNX Runtime does not take the GPU" in said.stdout


BROKEN = """
engine = load({{'model': {path!r}, 'device': 'cpu'}})
class Broken:
    def run(self, *_):
        raise engine._installed.errors[0]({message!r})
engine._session = Broken()
engine.matte(np.zeros((20, 30, 3), np.uint8))
"""


def test_a_lost_gpu_costs_the_process_and_a_full_one_does_not(tmp_path):
    path = tmp_path / "red.onnx"
    path.write_bytes(networks.bshm())
    full = in_a_process(BROKEN.format(path=str(path), message="CUDA failure 2: out of memory"))
    assert "EngineOutOfMemory: out of memory at 30x20: CUDA failure 2" in full.stderr
    lost = in_a_process(BROKEN.format(path=str(path), message="CUDA failure 700: illegal memory"))
    assert lost.returncode == EXIT_BROKEN
    assert "the GPU's context is lost: CUDA failure 700" in lost.stderr
