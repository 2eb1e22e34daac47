"""What the NVIDIA driver says of this machine, asked without any framework.

A framework that finds no GPU only says that it found none. Here stands which of driver, CUDA,
cuDNN or wheel is missing. Runs on Python 3.7 too.
"""

from __future__ import annotations

import ctypes
import glob
import os
from typing import Any, List, NamedTuple, Sequence, Tuple

DRIVER_FILE = "/proc/driver/nvidia/version"
_NO_DEVICE = 100
_SAID = {
    _NO_DEVICE: "it sees no GPU (is CUDA_VISIBLE_DEVICES set to something else?)",
    3: "it is not initialised",
    34: "the library is only a stub for linking",
    802: "the system is not ready; is nvidia-fabricmanager running?",
    803: "its library and its kernel module are of different versions; reboot",
    804: "it is too old for the CUDA libraries",
}
_MAJOR, _MINOR = 75, 76
"""CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR."""


class Gpu(NamedTuple):
    """One graphics processor."""

    name: str
    capability: Tuple[int, int]
    """Compute capability, e.g. (8, 6)."""
    memory_bytes: int


class Gpus(NamedTuple):
    """The GPUs that programs may use here, or why there are none."""

    gpus: Tuple[Gpu, ...]
    trouble: str
    """One line for people; empty if there are GPUs."""


def look() -> Gpus:
    """Ask the driver, which heeds CUDA_VISIBLE_DEVICES, for its GPUs."""
    try:
        driver: Any = ctypes.CDLL("libcuda.so.1")
    except OSError:
        if os.path.exists(DRIVER_FILE):
            reason = "its kernel module is loaded, but the library libcuda.so.1 is missing"
        else:
            reason = f"no NVIDIA driver is loaded ({DRIVER_FILE} and libcuda.so.1 are missing)"
        return Gpus((), f"driver: {reason}")
    code = driver.cuInit(0)
    if code:
        return Gpus((), f"driver: {_SAID.get(code, 'it does not start')} (cuInit said {code})")
    count = ctypes.c_int()
    driver.cuDeviceGetCount(ctypes.byref(count))
    if not count.value:
        return Gpus((), f"driver: {_SAID[_NO_DEVICE]}")
    return Gpus(tuple(_gpu(driver, index) for index in range(count.value)), "")


def _gpu(driver: Any, index: int) -> Gpu:
    device = ctypes.c_int()
    driver.cuDeviceGet(ctypes.byref(device), index)
    name = ctypes.create_string_buffer(256)
    driver.cuDeviceGetName(name, len(name), device)
    memory = ctypes.c_size_t()
    driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    capability = (_attribute(driver, device, _MAJOR), _attribute(driver, device, _MINOR))
    return Gpu(name.value.decode("utf-8", "replace"), capability, memory.value)


def _attribute(driver: Any, device: ctypes.c_int, which: int) -> int:
    value = ctypes.c_int()
    driver.cuDeviceGetAttribute(ctypes.byref(value), which, device)
    return value.value


def missing(libraries: Sequence[str], site: str) -> List[str]:
    """Which of some shared libraries can be loaded neither from the system nor from wheels.

    Args:
        libraries: file names, e.g. "libcudart.so.10.0".
        site: the directory of installed packages, whose nvidia/*/lib the wheels of the CUDA
            libraries fill.
    """
    return [name for name in libraries if not _loads(name, site)]


def _loads(name: str, site: str) -> bool:
    for path in [name, *glob.glob(os.path.join(glob.escape(site), "nvidia", "*", "lib", name))]:
        try:
            ctypes.CDLL(path)
        except OSError:
            continue
        return True
    return False
