"""Which ONNX Runtime is installed here, what keeps it off the GPU, and sessions of it."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

from matting.engines import cuda
from matting.errors import EngineUnavailable, one_line

CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"
UNEXPLAINED = "wheel: ONNX Runtime does not take the GPU; its own words in the log say why"
_ERRORS = (
    *("EPFail", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented"),
    *("NoModel", "NoSuchFile", "RuntimeException"),
)
_OLDEST = (1, 31)
"""Of the versions that were tried, for the processor (1.32) and GPUs. Older ones are refused: a
network is a stranger's program, and each version mends what the one before let it do."""
_ONLY_ERRORS, _NOTHING = 3, 4


class FellBack(Exception):
    """The session runs on the processor.

    A provider could not be loaded, which is only logged, or it was given nothing to do.
    """


@dataclass(frozen=True, slots=True)
class Runtime:
    """ONNX Runtime, whichever is installed."""

    module: Any
    version: str
    cuda_version: str
    """The CUDA that it is built for, e.g. "13.0"; empty if it is built for none."""
    providers: tuple[str, ...]
    """What it is built with, of its names for devices."""
    site: str
    """The directory of installed packages."""
    errors: tuple[type[Exception], ...]
    """Its own, of which none is a RuntimeError."""

    @classmethod
    def load(cls) -> Runtime:
        """Import ONNX Runtime.

        Raises:
            EngineUnavailable: it is not there, or does not start.
        """
        # Since 1.29 the wheels report to Microsoft what they run, and keep an identifier in the
        # user's cache, unless this is set before the import. Its own function for that is too late.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            module: Any = importlib.import_module("onnxruntime")
            state: Any = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
        except ImportError as error:
            raise EngineUnavailable(_no_runtime(error)) from error
        _demand_new(str(module.__version__))
        module.set_default_logger_severity(_ONLY_ERRORS)
        errors = [getattr(state, name) for name in _ERRORS if hasattr(state, name)]
        return cls(
            module,
            module.__version__,
            str(getattr(module, "cuda_version", "") or ""),
            tuple(module.get_available_providers()),
            os.path.dirname(os.path.dirname(os.path.abspath(module.__file__))),
            (*errors, RuntimeError, ValueError),
        )

    def open(self, data: bytes, *, gpu: bool, tensorrt: bool, changing: bool) -> Any:
        """A session.

        Args:
            data: an ONNX network, checked.
            gpu: whether to run what can be run there on the first GPU.
            tensorrt: whether to have TensorRT compile it for that GPU.
            changing: whether pictures of changing sizes are to come.

        Raises:
            Exception: one of ``errors``.
        """
        settings = self.module.SessionOptions()
        settings.log_severity_level = _NOTHING  # whatever it logs it also raises
        settings.intra_op_num_threads = len(os.sched_getaffinity(0))
        # Waiting threads would spin, taking time from the processes that decode and refine: tried,
        # no picture took longer for it.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        settings.add_session_config_entry("session.load_model_format", "ONNX")
        settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        # ONNX Runtime keeps all memory it ever needed, up to twice what one picture needs. Tried
        # with ISNet and with full BSHM: 2160 and 1280 MB stay with it; 230 and 400 MB without it
        # and with accelerator.give_back() after every picture, for 15 % more time at most.
        # Shrinking it after every run left ISNet 850 MB.
        settings.enable_cpu_mem_arena = False
        settings.enable_mem_pattern = False
        providers: list[Any] = ["CPUExecutionProvider"]
        if gpu:
            providers.insert(0, (CUDA, _cuda_settings(changing=changing)))
        if gpu and tensorrt:
            providers.insert(0, (TENSORRT, {"device_id": "0"}))
        session = self.module.InferenceSession(
            data,
            settings,
            providers=providers,
            enable_fallback=0,  # it would go on, on the processor
            read_config_from_model=0,
        )
        session._model_bytes = None  # noqa: SLF001 - kept for the fallback, and nobody else
        return session

    def run_settings(self, *, gpu: bool) -> Any:
        """How to run a session once."""
        settings = self.module.RunOptions()
        settings.log_severity_level = _NOTHING
        if gpu:
            settings.add_run_config_entry("memory.enable_memory_arena_shrinkage", "gpu:0")
        return settings


def _cuda_settings(*, changing: bool) -> dict[str, str]:
    return {
        "device_id": "0",
        "arena_extend_strategy": "kSameAsRequested",  # or it doubles with every extension
        # Trying out every algorithm takes seconds for each new size.
        "cudnn_conv_algo_search": "HEURISTIC" if changing else "EXHAUSTIVE",
        "use_tf32": "0",  # the same matte on every device: its 10 bits are not enough for 1/255
    }


def nodes(session: Any) -> dict[str, int]:
    """How many operations each provider was given, e.g. {"CUDA": 210, "CPU": 9}."""
    counts: Counter[str] = Counter()
    for part in session.get_provider_graph_assignment_info():
        counts[part.ep_name.removesuffix("ExecutionProvider")] += len(part.get_nodes())
    return dict(counts)


def check_kept(session: Any, *, tensorrt: bool) -> None:
    """See that a session for the GPU is one.

    Raises:
        FellBack: it is one for the processor; ``enable_fallback`` does not keep it from that.
    """
    wanted = {CUDA, TENSORRT} if tensorrt else {CUDA}
    if not wanted <= set(session.get_providers()) or set(nodes(session)) <= {"CPU"}:
        raise FellBack


def _demand_new(version: str) -> None:
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if number < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise EngineUnavailable(
            f"{sys.executable}: its ONNX Runtime is {version}, and {oldest} or later is needed; "
            "install matted[onnx] anew there"
        )


def _no_runtime(error: ImportError) -> str:
    if getattr(error, "name", None) == "onnxruntime":
        reason = "it has no ONNX Runtime"
    else:
        reason = f"its ONNX Runtime does not start ({one_line(error)})"
    return (
        f"{sys.executable} (Python {sys.version_info[0]}.{sys.version_info[1]}): {reason}; "
        "install matted[onnx], or set engine.python to an interpreter that has one, as "
        "`make engine-onnx-gpu` builds"
    )


def obstacle(runtime: Runtime, found: cuda.Gpus) -> str:
    """Why no GPU can be used, as far as it is known before ONNX Runtime tries; empty if it can."""
    without = "" if CUDA in runtime.providers else _without_cuda(runtime)
    if not found.gpus:
        return "; ".join(filter(None, (without, found.trouble)))
    return without or missing(runtime)


def _without_cuda(runtime: Runtime) -> str:
    return (
        f"wheel: this ONNX Runtime {runtime.version} is built without CUDA; set engine.python to "
        "what `make engine-onnx-gpu` builds, or install matted[onnx-gpu] instead"
    )


def missing(runtime: Runtime) -> str:
    """Which of CUDA and cuDNN is not there; empty if both are."""
    major = runtime.cuda_version.partition(".")[0] or "12"
    transforms = "12" if int(major) >= 13 else "11"  # cuFFT counts on its own
    names = [f"libcudart.so.{major}", f"libcublas.so.{major}", f"libcublasLt.so.{major}"]
    names += [f"libcufft.so.{transforms}", "libcurand.so.10"]
    parts = [
        ("CUDA", cuda.missing(names, runtime.site)),
        ("cuDNN", cuda.missing(["libcudnn.so.9"], runtime.site)),
    ]
    said = [f"{part}: cannot load {', '.join(names)}" for part, names in parts if names]
    return "; ".join(said)


def without_tensorrt(runtime: Runtime) -> str:
    """Why TensorRT cannot be used; empty if it can."""
    if TENSORRT not in runtime.providers:
        return f"wheel: this ONNX Runtime {runtime.version} is built without TensorRT"
    name = "libnvinfer.so.10"
    for path in (name, os.path.join(runtime.site, "tensorrt_libs", name)):
        with contextlib.suppress(OSError):
            ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
            return ""
    return f"TensorRT: cannot load {name}; the package `tensorrt` has it"


def explained(text: str, gpu: cuda.Gpu, runtime: Runtime) -> str:
    """Which of driver, CUDA and wheel an error on the GPU is about; empty if it is about none."""
    if "driver version is insufficient" in text:
        return f"driver: it is too old for CUDA {runtime.cuda_version}, which the wheel is for"
    if "no kernel image" in text:
        capability = "{}.{}".format(*gpu.capability)
        return (
            f"wheel: ONNX Runtime {runtime.version} has no code for the {gpu.name}, whose compute "
            f"capability is {capability}"
        )
    for sign, part in (
        ("CUDNN", "cuDNN"),
        ("CUBLAS", "CUDA"),
        ("CUDA", "CUDA"),
        ("TRT", "TensorRT"),
    ):
        if sign in text.upper():
            return f"{part}: {text}"
    return ""
