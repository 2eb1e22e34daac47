"""``matted model build-bshm``: the network of the right shape, with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.engine.environment import run_elsewhere


def main(
    out: Annotated[Path, typer.Option(help="The file to write (.pb).")],
    width: Annotated[
        int, typer.Option(help="Channels of the first stage, even; 64 is full size, 310 MB.", min=2)
    ] = 64,
    seed: Annotated[int, typer.Option(help="Of the random weights.", min=0, max=2**32 - 1)] = 0,
    python: Annotated[
        str | None,
        typer.Option(help="An interpreter that has TensorFlow, e.g. .venv-tf1/bin/python."),
    ] = None,
) -> None:
    """Build the BSHM network with random weights: UNTRAINED, for timing and tests, mattes nothing.

    It is a frozen graph by the published contract. The same width and seed make the same file.
    """
    arguments = ["--width", str(width), "--seed", str(seed), "--out", str(out.absolute())]
    typer.echo(run_elsewhere("matting.networks.bshm", arguments, python))
