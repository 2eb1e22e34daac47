"""The TensorFlow that is installed here, old or new.

Runs on Python 3.7 too.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from typing import Any, NamedTuple

from matting.errors import EngineUnavailable, one_line


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
        reason = f"its TensorFlow does not start ({one_line(error)})"
    return (
        f"{sys.executable} (Python {sys.version_info[0]}.{sys.version_info[1]}): {reason}; set "
        "engine.python to an interpreter that has one: `make engine-tf1` or `make engine-tf2` "
        "build one, or install matted[tensorflow]"
    )
