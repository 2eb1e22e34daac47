"""People, found by a network of 250 kB that OpenCV runs: no framework, no accelerator."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.engines import Answer, Engine, accelerator
from matting.engines.people.network import SIDE, Network
from matting.errors import EngineUnavailable


def load(options: dict[str, Any]) -> Engine:
    """Load the network and run it once.

    Args:
        options: ``model``, the path of the TensorFlow Lite file; ``name``, what to call it, if not
            by its file's name; ``device``, one of accelerator.DEVICES.

    Raises:
        EngineUnavailable: no usable model, or a GPU is demanded.
    """
    if accelerator.wanted(options.get("device", "auto")) == "gpu":
        raise EngineUnavailable("people runs on the CPU alone, and the settings demand a GPU")
    if not options.get("model"):
        raise EngineUnavailable("engine.model names no file; it has to be the people network")
    network = Network.load(options["model"])
    return PeopleEngine(network, options.get("name") or network.name)


class PeopleEngine(Engine):
    """Stateless: the same picture gives the same matte."""

    def __init__(self, network: Network, name: str) -> None:
        """Keep the network.

        Args:
            network: loaded.
            name: what to call it.
        """
        self._network = network
        self._name = f"{name} {network.sha256[:12]}"

    def describe(self) -> dict[str, Any]:
        """Say which file it is, and that the processor does the work."""
        return {"model": self._name, "framework": f"opencv {cv2.__version__}", "device": "cpu"}

    def matte(self, pixels: NDArray[np.uint8]) -> Answer:
        """Matte one picture; see Engine.matte."""
        height, width = pixels.shape[:2]
        seen = self._network.look(pixels)
        mirrored = self._network.look(np.ascontiguousarray(pixels[:, ::-1]))[:, ::-1]
        small = np.rint((seen + mirrored) * 127.5).astype(np.uint8)
        alpha = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        return Answer(np.asarray(alpha), None, {"seen": [SIDE, SIDE]})
