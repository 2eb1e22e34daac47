"""``matted model``: the networks that engines run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from daemon.errors import EngineUnavailable
from matting import errors, launch


def app() -> typer.Typer:
    """The command with its own verbs."""
    cli = typer.Typer(help="The networks that engines run.", no_args_is_help=True)
    cli.callback()(_common)
    cli.command("build-bshm")(build_bshm)
    return cli


def _common() -> None:
    """Without this, typer would take a lone verb for the command itself."""


def build_bshm(
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
    typer.echo(_run_there("matting.bshm", arguments, python))


def _run_there(module: str, arguments: list[str], python: str | None) -> str:
    """Run one of matting's modules in the environment of an engine.

    Raises:
        EngineUnavailable: with the last line that it said on standard error.
    """
    spec = launch.EngineSpec("bshm", python=python)
    with TemporaryDirectory(prefix="matted-") as directory:
        place = launch.prepare(Path(directory))
        try:
            done = subprocess.run(
                [launch.interpreter(spec), "-s", "-m", module, *arguments],
                cwd=place.path_dir,
                env=launch.environment(spec, place, os.environ),
                capture_output=True,
                text=True,
                check=False,
            )
        except (errors.EngineUnavailable, OSError) as error:
            raise EngineUnavailable(str(error)) from error
        finally:
            launch.remove(place)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
        raise EngineUnavailable(said[-1])
    return done.stdout.strip()
