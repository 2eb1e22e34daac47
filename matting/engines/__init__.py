"""The engines. A new one is a module here and a line in ``ENGINES``.

An engine module has ``load(options) -> Engine``. It is imported in the engine process alone, so
its framework never burdens the daemon. This file runs on Python 3.7 too.
"""

from __future__ import annotations

import abc
import importlib
import sys
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Tuple

from matting.errors import EngineUnavailable

if TYPE_CHECKING:  # settings know the engines by name, and need no numpy
    import numpy as np


class EngineKind(NamedTuple):
    """What has to be known of an engine where it is not running."""

    module: str
    suffix: str
    """What its models' files end in."""
    usual: str
    """The installed model that it runs where none is named."""
    distributions: Tuple[str, ...]
    """What it needs to be installed, each enough by itself."""
    framework: bool = True
    """Whether it needs one, which another interpreter may have, and can use a GPU."""
    any_suffix: bool = False
    """Whether its models' files may be called anything."""
    searches: bool = False
    """Whether it answers whom ``matting.people.find`` finds, with its model, and nothing else."""
    converter: str = ""
    """The module that makes ONNX networks of its models, run as a program where TensorFlow is."""


_TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu")
_ONNX = ("onnxruntime", "onnxruntime-gpu")
_OPENCV = ("opencv-python", "opencv-python-headless")
ENGINES = {
    "bshm": EngineKind(
        "matting.engines.tensorflow",
        ".pb",
        "bshm",
        _TENSORFLOW,
        any_suffix=True,
        converter="matting.networks.bshm.convert",
    ),
    "onnx": EngineKind("matting.engines.onnx", ".onnx", "bshm-onnx", _ONNX),
    "people": EngineKind(
        "matting.engines.people", ".tflite", "selfie", _OPENCV, framework=False, searches=True
    ),
}
"""By name. Where neither an engine nor a model is named, the first one is taken whose usual model
is installed."""

REFINED = 5
"""Planes of a refiner's picture."""


class Answer(NamedTuple):
    """One matte. ``facts`` are JSON values for the log; ``people`` is an int or None.

    ``facts["warnings"]``, a list of lines, becomes part of what is told of the photo.
    ``facts["seen"]``, [height, width], is the size at which alpha was decided, if that was not the
    picture's: the photo's own edges are looked for from there.
    ``facts["doubts"]``, {reason: [value, left, top, width, height]}, is how far its answers are
    apart and where most, as shares of the picture's sides; the value alone: nowhere. Reasons are
    those of matting/judgement.
    ``facts["faces"]``, [[score, left, top, width, height]], is what it has seen of faces, places as
    shares of the picture's sides; without it somebody else looks for them.
    """

    alpha: np.ndarray
    """(height, width) uint8: 0 is background, 255 opaque foreground."""
    people: Any
    facts: Dict[str, Any]


class Engine(abc.ABC):
    """Turns one picture at a time into a matte; lives in the engine process."""

    planes = 3
    """Of its pictures: RGB. A refiner's have ``REFINED`` of them, a trimap and a coarse alpha after
    the colours (matting/refiners)."""

    @abc.abstractmethod
    def describe(self) -> Dict[str, Any]:
        """Facts for the hello: ``model``, ``framework`` (name and version) and ``device``.

        ``device`` is the one really used: "cpu", or the accelerator's own name.
        """

    @abc.abstractmethod
    def matte(self, pixels: np.ndarray) -> Answer:
        """Matte one picture.

        Args:
            pixels: (height, width, planes) uint8, RGB first.

        Returns:
            Answer whose alpha has the same height and width.

        Raises:
            matting.errors.EngineOutOfMemory: once more at a smaller size may work.
            matting.errors.RequestRefused: this picture cannot be matted.
        """


def load(name: str, options: Dict[str, Any]) -> Engine:
    """Import and start the engine ``name``.

    Args:
        name: a key of ENGINES, or the dotted path of an engine module outside this package, as
            the tests' stub engines are.
        options: the engine's own settings, JSON values.

    Raises:
        matting.errors.EngineUnavailable: it cannot run here; the message says why.
    """
    try:
        module = importlib.import_module(ENGINES[name].module if name in ENGINES else name)
    except (ImportError, SyntaxError) as error:
        python = "{} (Python {}.{})".format(sys.executable, *sys.version_info[:2])
        raise EngineUnavailable(
            f"the engine {name} does not start under {python}: {error}; see engine.python"
        ) from error
    engine: Engine = module.load(options)
    return engine
