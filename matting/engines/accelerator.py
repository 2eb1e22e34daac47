"""What the engines of every framework do alike about a GPU. Runs on Python 3.7 too."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from typing import Sequence

from matting.errors import EngineUnavailable

DEVICES = ("auto", "gpu", "cpu")
UNWANTED = "no other is wanted"
"""Why it is the processor where the processor was asked for."""
EXIT_BROKEN = 70

_OUT_OF_MEMORY = (
    "CUDA_ERROR_OUT_OF_MEMORY",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "Dst tensor is not initialized",  # TensorFlow
    "Failed to allocate memory",  # ONNX Runtime, on every device
    "CUDA failure 2:",
    "bad allocation",
    "bad_alloc",
)
"""What the frameworks say of a full memory, beside what they have error classes for."""
_BROKEN = (
    "CUDA_ERROR_",
    "CUDA failure",
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "unspecified launch failure",
    "illegal memory access",
)
"""After these every further call in the process fails, too: the GPU's context is lost."""


def wanted(device: str) -> str:
    """The setting ``device``, checked; on "cpu" no framework sees a GPU from now on.

    Raises:
        EngineUnavailable: there is no such device.
    """
    if device not in DEVICES:
        raise EngineUnavailable(f"there is no device {device}; there are {', '.join(DEVICES)}")
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    return device


def demand(device: str, obstacle: str) -> None:
    """Refuse to run on the processor where a GPU is demanded.

    Args:
        device: one of DEVICES.
        obstacle: why no GPU can be used; empty if one can.

    Raises:
        EngineUnavailable: with the obstacle.
    """
    if device == "gpu" and obstacle:
        raise EngineUnavailable(
            f"device: gpu is demanded, and there is none that can be used. {obstacle}"
        )


def choice(used: str, device: str, obstacle: str) -> str:
    """What was chosen and why, one line, which is also written to stderr."""
    reason = f"{used} ({device} asked): " + (obstacle or "a GPU can be used")
    sys.stderr.write(f"device {reason}\n")
    return reason


def is_out_of_memory(text: str) -> bool:
    """Whether an error's text says that a memory is full."""
    return _any(_OUT_OF_MEMORY, text)


def end_if_broken(text: str) -> None:
    """End this process if an error's text says that the GPU's context is lost.

    Only a new process helps. Ending at once charges this picture alone; if the process lived on,
    the next one would fail for nothing.
    """
    if _any(_BROKEN, text):
        sys.stderr.write(f"the GPU's context is lost: {text}\n")
        sys.stderr.flush()
        os._exit(EXIT_BROKEN)


def give_back() -> None:
    """Return to the system what was freed, e.g. 2 GB of 5 after importing full BSHM."""
    with contextlib.suppress(OSError, AttributeError):  # not every C library has it
        ctypes.CDLL(None).malloc_trim(0)


def _any(parts: Sequence[str], text: str) -> bool:
    return any(part in text for part in parts)
