"""A frozen graph into an ONNX network, which counts only if real photos cannot tell them apart."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import daemon
from daemon.engine.environment import run_elsewhere
from daemon.engine.parity import Compared, Sight, compare, look
from daemon.errors import MattedError, NoEngine
from matting.engines import ENGINES
from matting.models.catalog import GRAPHS
from matting.networks.recipe import BSHM
from matting.process.host import EngineSpec

MOST_APART = 1
"""Of 255; both engines cut off where they should round, and so may fall to either side."""
PATIENCE_S = 300.0
"""For an engine's start, and for each picture: nobody waits for a daemon here."""
LEAST_SPAN = 64
"""If alpha varies by less than this on all pictures, their agreement shows nothing."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two networks compare on all pictures."""

    compared: tuple[Compared, ...]

    @property
    def worst(self) -> Compared:
        """Where they differ the most."""
        return max(self.compared, key=lambda one: one.worst)

    @property
    def fault(self) -> str:
        """Why it is no proof that they are the same; empty if it is one."""
        if self.worst.worst > MOST_APART:
            x, y = self.worst.at
            return (
                f"the converted network is another one: its alpha is {self.worst.worst} of 255 off "
                f"at ({x}, {y}) of {self.worst.name}, and {MOST_APART} is allowed"
            )
        span = max(one.span for one in self.compared)
        if span < LEAST_SPAN:
            return (
                f"these photos prove nothing: the graph's alpha varies by no more than {span} of "
                f"255 on them, and {LEAST_SPAN} are needed; give photos with people"
            )
        return ""


def convert(graph: Path, network: Path, python: str | None) -> str:
    """Convert where TensorFlow and tf2onnx are.

    Args:
        graph: a frozen graph.
        network: the ONNX file to write.
        python: the interpreter that has them; None: the first that is found.

    Returns:
        What was made, in one line.

    Raises:
        NoEngine: there is none, or the graph cannot be converted.
    """
    arguments = ["--from", str(graph.absolute()), "--out", str(network.absolute())]
    return run_elsewhere(ENGINES[GRAPHS].converter, arguments, python or converter())


def converter() -> str | None:
    """The interpreter that has tf2onnx: this one (None), or that of .venv-tf2.

    Raises:
        NoEngine: neither has; says how to get one.
    """
    if importlib.util.find_spec("tf2onnx") and importlib.util.find_spec("tensorflow"):
        return None
    made = Path(daemon.__file__).resolve().parents[1] / ".venv-tf2"
    if (made / ".ready").exists():
        return str(made / "bin" / "python")
    raise NoEngine(
        f"there is nothing here to convert with: `make converter` makes {made}, or --python names "
        "an interpreter that has tensorflow and tf2onnx"
    )


def prove(
    graph: Path,
    network: Path,
    pictures: Sequence[Sight],
    python: str | None,
    tell: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Have both engines matte the same pictures, on the processor, where sums have one order.

    Args:
        graph: the frozen graph.
        network: what was made of it.
        pictures: at least one.
        python: where TensorFlow is, as for ``convert``.
        tell: is called with a line about each step.

    Raises:
        NoEngine: one of them cannot run.
    """
    options = {"model": str(graph.absolute()), "device": "cpu"}
    told = {"model": str(network.absolute()), "device": "cpu", "recipe": BSHM.to_json()}
    tell(f"matting {len(pictures)} pictures with TensorFlow")
    first = look(_spec(GRAPHS, options, python or converter()), pictures)
    tell("and with ONNX Runtime")
    second = look(_spec("onnx", told, None), pictures)
    return Comparison(tuple(map(compare, pictures, first, second)))


def _spec(name: str, options: dict[str, Any], python: str | None) -> EngineSpec:
    return EngineSpec(name, options, python, timeout_s=PATIENCE_S, start_timeout_s=PATIENCE_S)


def demand(verdict: Comparison) -> None:
    """Refuse what is not proved.

    Raises:
        MattedError: the reason.
    """
    if verdict.fault:
        raise MattedError(verdict.fault)
