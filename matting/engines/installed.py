"""Which TensorFlow is installed here, and what keeps it off the GPU.

Runs on Python 3.7 too.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from typing import Any, NamedTuple

from matting.engines import cuda
from matting.errors import EngineUnavailable

NEWEST_MAJOR = 7
"""Of the compute capabilities that wheels for CUDA 10 have code for. Newer GPUs seem to work with
them, and end in CUBLAS_STATUS_EXECUTION_FAILED."""
UNEXPLAINED = "wheel: TensorFlow does not take the GPU; its own words in the log say why"


class Framework(NamedTuple):
    """TensorFlow, whichever is installed."""

    tf: Any
    """Its v1 interface."""
    version: str
    site: str
    """The directory of installed packages."""

    @classmethod
    def load(cls) -> Framework:
        """Import TensorFlow.

        Raises:
            EngineUnavailable: it is not there, or does not start.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # 1.15 itself uses what numpy 1.18 calls outdated
                module: Any = importlib.import_module("tensorflow")
        except ImportError as error:
            raise EngineUnavailable(_no_tensorflow(error)) from error
        site = os.path.dirname(os.path.dirname(os.path.abspath(module.__file__)))
        module.compat.v1.logging.set_verbosity(module.compat.v1.logging.ERROR)
        return cls(module.compat.v1, module.__version__, site)

    @property
    def cuda_version(self) -> str:
        """The CUDA that it is built for, e.g. "10.0"; empty if it is built for none."""
        if not self.tf.test.is_built_with_cuda():
            return ""
        build: Any = importlib.import_module("tensorflow.python.platform.build_info")
        info = getattr(build, "build_info", {})  # one dict since 2.1, before that one name each
        return str(info.get("cuda_version") or getattr(build, "cuda_version_number", "?"))

    @property
    def cudnn_version(self) -> str:
        """The cuDNN that it is built for, e.g. "7"."""
        build: Any = importlib.import_module("tensorflow.python.platform.build_info")
        info = getattr(build, "build_info", {})
        return str(info.get("cudnn_version") or getattr(build, "cudnn_version_number", "?"))


def _no_tensorflow(error: ImportError) -> str:
    if getattr(error, "name", None) == "tensorflow":
        reason = "it has no TensorFlow"
    else:
        reason = f"its TensorFlow does not start ({' '.join(str(error).split())[:300]})"
    return (
        f"{sys.executable} (Python {sys.version_info[0]}.{sys.version_info[1]}): {reason}; set "
        "engine.python to an interpreter that has one: `make engine-tf1` or `make engine-tf2` "
        "build one, or install matted[tensorflow]"
    )


def obstacle(framework: Framework, found: cuda.Gpus) -> str:
    """Why no GPU can be used, as far as it is known before TensorFlow tries; empty if it can."""
    if not found.gpus:
        wheel = "" if framework.cuda_version else _without_cuda(framework) + "; "
        return wheel + found.trouble
    if not framework.cuda_version:
        return _without_cuda(framework)
    if framework.cuda_version.partition(".")[0] != "10":
        return ""
    gpu = found.gpus[0]
    if gpu.capability[0] > NEWEST_MAJOR:
        return (
            f"wheel: TensorFlow {framework.version} for CUDA {framework.cuda_version} has no code "
            f"for the {gpu.name}, whose compute capability is {gpu.capability[0]}."
            f"{gpu.capability[1]} (7.x is the newest it knows); use TensorFlow 2"
        )
    return missing(framework)  # 1.15 aborts the process if it is not told beforehand


def _without_cuda(framework: Framework) -> str:
    return (
        f"wheel: this TensorFlow {framework.version} is built without CUDA; "
        "matted[tensorflow-gpu] has one that is"
    )


def missing(framework: Framework) -> str:
    """Which of CUDA and cuDNN is not there; empty if both are.

    Asked of TensorFlow 2 only after it found no GPU, since it knows more places to look in.
    """
    cuda_major, cudnn_major = (
        version.partition(".")[0] for version in (framework.cuda_version, framework.cudnn_version)
    )
    # Early releases have both numbers of the version in their names, 12 has only the first.
    runtime = {"10": "10.0", "11": "11.0"}.get(cuda_major, cuda_major)
    algebra = {"10": "10.0"}.get(cuda_major, cuda_major)
    libraries = [f"libcudart.so.{runtime}", f"libcublas.so.{algebra}"]
    parts = [
        ("CUDA", cuda.missing(libraries, framework.site)),
        ("cuDNN", cuda.missing([f"libcudnn.so.{cudnn_major}"], framework.site)),
    ]
    said = [f"{part}: cannot load {', '.join(names)}" for part, names in parts if names]
    return "; ".join(said)
