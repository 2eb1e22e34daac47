"""People, found by a network of 250 kB that OpenCV runs: no framework, no accelerator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting import people
from matting.engines import Answer, Engine, accelerator
from matting.errors import EngineUnavailable
from matting.faces import Face
from matting.people.looks import SUREST


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
    networks = people.Networks.load(options["model"])
    return PeopleEngine(networks, options.get("name") or Path(options["model"]).name)


class PeopleEngine(Engine):
    """Stateless: the same picture gives the same matte."""

    def __init__(self, networks: people.Networks, name: str) -> None:
        """Keep the networks.

        Args:
            networks: loaded.
            name: what to call the first.
        """
        self._networks = networks
        self._name = name

    def describe(self) -> dict[str, Any]:
        """Say which file it is, and that the processor does the work."""
        return described(self._name, self._networks.quick)

    def matte(self, pixels: NDArray[np.uint8]) -> Answer:
        """Matte one picture; see Engine.matte.

        People who touch count as one.
        """
        return answer_of(people.find(pixels, self._networks), pixels.shape[:2])


def described(name: str, network: people.Network) -> dict[str, Any]:
    """What the engine says of itself, also where its answer is made without asking it."""
    model = f"{name} {network.sha256[:12]}"
    return {"model": model, "framework": f"opencv {cv2.__version__}", "device": "cpu"}


def answer_of(found: people.Found, shape: tuple[int, ...]) -> Answer:
    """The matte of whoever was found.

    Args:
        found: who.
        shape: (height, width) of the picture that was searched.
    """
    # The search is never quite sure, and a cut-out must not keep a haze of 1 of 255.
    sure = (found.probability - (1 - SUREST)) / (2 * SUREST - 1)
    small = np.rint(sure.clip(0, 1) * np.float32(255)).astype(np.uint8)
    height, width = shape
    alpha = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    facts: dict[str, Any] = {"seen": list(small.shape), "parts": found.parts}
    facts["doubts"] = {"looks": found.looks.as_json()}
    if found.second is not None:
        facts["doubts"]["second"] = found.second.as_json()
    if found.faces is not None:
        facts["faces"] = [_shares(face, height, width) for face in found.faces]
    if not found.people:
        facts["warnings"] = [people.NOBODY]
        alpha[:] = 0  # a few specks too small to be anybody
    return Answer(alpha, len(found.people), facts)


def _shares(face: Face, height: int, width: int) -> list[float]:
    """As ``Answer`` has it."""
    box = face.box
    return [face.score, box.x / width, box.y / height, box.width / width, box.height / height]
