"""What keeps the TensorFlow that is installed off the GPU.

Runs on Python 3.7 too.
"""

from __future__ import annotations

from matting.engines import cuda
from matting.framework import Framework

NEWEST_MAJOR = 7
"""Of the compute capabilities that wheels for CUDA 10 have code for. Newer GPUs seem to work with
them, and end in CUBLAS_STATUS_EXECUTION_FAILED."""
UNEXPLAINED = "wheel: TensorFlow does not take the GPU; its own words in the log say why"


def first(framework: Framework, found: cuda.Gpus) -> str:
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
