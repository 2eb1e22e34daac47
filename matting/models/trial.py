"""Try a model out before it is used: the real engine process, the real interpreter, one picture."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.engines import Answer
from matting.errors import EngineError
from matting.models.errors import ModelError
from matting.models.model import Model
from matting.picture.trimap import trimap_of
from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec
from matting.process.launch import interpreter
from matting.process.temporary import hosted

SIZE = (241, 317)
"""Width and height of the picture: odd, and no multiple of anything a network likes."""
UNSTEADY = 1
"""Two runs may differ by so much: on a GPU, sums are not always added up in the same order."""
_PHOTO = "self-test"
_LASTING = "the model is not trained"
"""How an engine's warning begins that is about the model; the others are about the picture."""


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """Where a model is tried out: as it will be run."""

    python: str | None = None
    """Interpreter of the engine process, a path or a name on PATH; None: this program's own."""
    device: str = "auto"
    timeout_s: float = 300.0
    """For one picture."""
    start_timeout_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    picture: bytes
    """PNG: the picture on the left, its matte on the right."""
    warnings: tuple[str, ...]
    """What holds for every picture."""
    facts: dict[str, Any]
    """``framework``, ``device``, ``model``, ``python``, ``took_s``; ``notes``, lines about this
    picture."""


def try_out(model: Model, path: Path, place: TrialSettings) -> Trial:
    """Load a model as its engine does, which checks its contract, and matte one picture twice.

    Args:
        model: what it is said to be; its ``path`` is not looked at.
        path: the file.
        place: where it will be run.

    Raises:
        EngineUnavailable: the engine cannot run there, or cannot use this file; its own reason.
        ModelError: it runs and does not answer as a matting network does.
    """
    spec = EngineSpec(
        model.engine,
        {**model.options(place.device), "model": str(path)},
        python=place.python,
        timeout_s=place.timeout_s,
        start_timeout_s=place.start_timeout_s,
    )
    with hosted(spec) as host:
        return _judge(model, host, place)


def _judge(model: Model, host: EngineHost, place: TrialSettings) -> Trial:
    name, pixels = model.name, draw()
    if model.refines:
        side = host.hello["tile"]
        pixels = np.dstack((pixels, *_edge()))[:side, :side]
    began_s = time.monotonic()
    try:
        first, again = (_matte(host, pixels, place) for _ in range(2))
    except EngineError as error:
        raise ModelError(f"{name} fails at the self-test: {error}") from error
    took_s = (time.monotonic() - began_s) / 2
    unsteady = int(np.abs(first.alpha.astype(int) - again.alpha).max())
    if unsteady > UNSTEADY:
        raise ModelError(f"{name} gave the same picture two mattes, {unsteady} of 255 apart")
    said = [str(line) for line in first.facts.get("warnings", ())]
    lasting = tuple(line for line in said if line.startswith(_LASTING))
    notes = [line for line in said if line not in lasting]
    if first.alpha.min() == first.alpha.max():
        notes.append(f"its matte of the drawn picture is {first.alpha[0, 0]} all over")
    facts = {key: host.hello.get(key) for key in ("framework", "device", "model")}
    facts |= {"python": interpreter(host.spec), "took_s": round(took_s, 3), "notes": notes}
    return Trial(_shown(pixels, first.alpha), lasting, facts)


def _matte(host: EngineHost, pixels: NDArray[np.uint8], place: TrialSettings) -> Answer:
    with connect(host.socket_path, wait_s=place.start_timeout_s) as engine:
        return engine.matte(
            pixels, photo=_PHOTO, timeout_s=place.timeout_s, queue_timeout_s=place.timeout_s
        )


def _edge() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What a refiner is told of the drawn picture: a trimap, and a coarse alpha without hair."""
    drawn = np.zeros(SIZE[::-1], np.uint8)
    for centre, axes, _ in _shapes():
        cv2.ellipse(drawn, centre, axes, 0, 0, 360, 255, thickness=-1)
    coarse = np.asarray(cv2.GaussianBlur(drawn, (0, 0), 4), np.uint8)
    return trimap_of(coarse), coarse


def _shown(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> bytes:
    both = np.hstack([pixels[:, :, :3], np.repeat(alpha[:, :, None], 3, axis=2)])
    return cv2.imencode(".png", both[:, :, ::-1])[1].tobytes()


def draw() -> NDArray[np.uint8]:
    """Somebody in front of a wall: head, neck, shoulders, and hair that stands out at the sides.

    Returns:
        (317, 241, 3) uint8 RGB, the same every time.
    """
    width, height = SIZE
    wall = np.linspace(150, 205, height)[:, None, None] * np.array([0.92, 1.0, 1.04])
    noise = np.random.default_rng(317).normal(0, 4, (height, width, 3))
    picture = np.clip(np.broadcast_to(wall, noise.shape) + noise, 0, 255).astype(np.uint8)
    for points, colour in _hair():
        cv2.polylines(picture, [points], isClosed=False, color=colour, thickness=1, lineType=16)
    for centre, axes, colour in _shapes():
        cv2.ellipse(picture, centre, axes, 0, 0, 360, colour, thickness=-1, lineType=16)
    return picture


_Point = tuple[int, int]
_Colour = tuple[int, int, int]


def _shapes() -> list[tuple[_Point, _Point, _Colour]]:
    return [
        ((120, 110), (58, 70), (52, 36, 28)),  # hair
        ((120, 320), (104, 118), (40, 52, 88)),  # coat
        ((120, 190), (20, 40), (196, 152, 128)),  # neck
        ((120, 126), (42, 56), (214, 172, 148)),  # face
        ((104, 116), (6, 4), (40, 30, 26)),
        ((136, 116), (6, 4), (40, 30, 26)),
        ((120, 156), (14, 4), (168, 84, 80)),
    ]


def _hair() -> list[tuple[NDArray[np.int32], _Colour]]:
    strands = []
    for number in range(40):
        side = -1 if number % 2 else 1
        root = np.array([120 + side * 40, 70 + 2 * number])
        bend = np.array([side * (14 + number % 7), number % 11 - 2])
        strands.append(
            (np.array([root, root + bend, root + 2 * bend + [0, 9]], np.int32), (52, 36, 28))
        )
    return strands
