"""Full BSHM on the GPU, beside the published figures: ``make gpu-bench``.

``DEVICE=cpu QUICK=1 make gpu-bench`` only shows that this works; its figures mean nothing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

import cv2
import numpy as np
import typer

from daemon.engine.conversion import convert, converter
from daemon.engine.environment import run_elsewhere
from daemon.engine.parity import Compared, Sight, compare, look
from daemon.steps.view import Picture
from matting.engines import cuda
from matting.errors import EngineError
from matting.process.client import Connection, connect
from matting.process.host import EngineHost, EngineSpec
from tests.benchmarks.gpu_memory import used_mib, watched
from tests.benchmarks.photos import original, sized
from tests.benchmarks.rig import Rig, running

ROOT = Path(__file__).resolve().parents[2]
OUT = Path("bench-out")
PYTHON = ROOT / ".venv-onnx-gpu" / "bin" / "python"
HEADINGS = (
    *("photo", "RTX 4090, published, s", "whole photo, s", "of it the matte, s", "GPU, MiB"),
    *("engine alone, full size, s", "GPU, MiB"),
)
BEGIN, END = "<!-- measured -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Size:
    """A photo's, and what was published for it: one RTX 4090, the whole script, in seconds."""

    width: int
    height: int
    published_s: float | None


SIZES = (
    Size(1024, 1536, 1.8),
    Size(1920, 1080, 1.8),
    Size(2560, 1440, 2.9),
    Size(3264, 2448, 4.2),
    Size(4096, 2732, 6.7),
    Size(4000, 6000, None),
)


@dataclass(frozen=True, slots=True)
class Contender:
    """An engine and its network."""

    name: Literal["onnx", "bshm"]
    model: Path
    python: str | None
    device: Literal["gpu", "cpu"]

    @property
    def settings(self) -> dict[str, Any]:
        """As a settings file has them."""
        chosen = {"name": self.name, "model": str(self.model), "device": self.device}
        return chosen | ({"python": self.python} if self.python else {})

    @property
    def spec(self) -> EngineSpec:
        """To run the engine alone."""
        options = {"model": str(self.model), "device": self.device}
        return EngineSpec(self.name, options, self.python)


@dataclass(frozen=True, slots=True)
class Figure:
    """One engine and one size, warm; medians."""

    size: Size
    photos: int
    whole_s: float
    """From opening the photo to its results on disk."""
    stages_s: dict[str, float]
    network_s: float | None
    """The engine alone, given the photo at this very size; None if that does not fit its memory."""
    memory_mib: float | None
    """The most on the GPU while the pipeline was at it, less what was there before the engine."""
    native_memory_mib: float | None
    """The same while the engine had the photo at this very size."""


@dataclass(frozen=True, slots=True)
class Report:
    """One engine's figures."""

    hello: dict[str, Any]
    """What the engine says of itself."""
    figures: tuple[Figure, ...]
    beside_cpu: Compared | None
    """Its alpha of the first photo and the processor's; None on the processor."""
    measured: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())


def measure(contender: Contender, sizes: Sequence[Size], rounds: int, root: Path) -> Report:
    """The daemon with this engine, then the engine alone.

    Args:
        contender: which.
        sizes: of the photos; the first is also used to warm up.
        rounds: photos of each size.
        root: an empty directory.
    """
    photos = {size: root / f"{size.width}x{size.height}.jpg" for size in sizes}
    pixels = original(None)
    for size, path in photos.items():
        cv2.imwrite(str(path), sized(pixels, size.width, size.height))
    before = used_mib()
    whole = _pipeline(contender, photos, rounds, root, before)
    with _engine(contender.spec, root) as host:
        hello = dict(host.hello)
        figures = tuple(
            Figure(
                size, rounds, *whole[size][:2], *_alone(host, path, rounds, whole[size][2], before)
            )
            for size, path in photos.items()
        )
    beside = None if contender.device == "cpu" else _beside_cpu(contender, photos[sizes[0]])
    return Report(hello, figures, beside)


def _beside_cpu(contender: Contender, path: Path) -> Compared:
    """GPUs multiply with shorter numbers where they may: what does that do to alpha?"""
    sight = Sight(path.name, _read(path))
    on_cpu = replace(contender, device="cpu")
    (here,), (there,) = (look(one.spec, [sight]) for one in (contender, on_cpu))
    return compare(sight, here, there)


_Whole = tuple[float, dict[str, float], float | None]


def _pipeline(
    contender: Contender, photos: dict[Size, Path], rounds: int, root: Path, before: float | None
) -> dict[Size, _Whole]:
    rig = Rig(root / "rig", workers=1, profile="studio-portrait", engine=contender.settings)
    measured: dict[Size, _Whole] = {}
    with running(rig):
        rig.file(next(iter(photos.values())), "warm-up.jpg")
        for size, path in photos.items():
            with watched(before) as peak:
                names = [f"{path.stem}-{number}.jpg" for number in range(rounds)]
                taken = [rig.file(path, name) for name in names]
            stages = {
                stage: median(one.stages_s[stage] for one in taken) for stage in taken[0].stages_s
            }
            measured[size] = median(one.work_s for one in taken), stages, peak.mib
    return measured


@contextmanager
def _engine(spec: EngineSpec, root: Path) -> Iterator[EngineHost]:
    with EngineHost(spec, root / "engine", lambda *_: None) as host:
        host.start()
        yield host


def _alone(
    host: EngineHost, path: Path, rounds: int, memory: float | None, before: float | None
) -> tuple[float | None, float | None, float | None]:
    picture = _read(path)
    with connect(host.socket_path, wait_s=60) as engine, watched(before) as peak:
        try:
            took_s = [_took_s(engine, picture) for _ in range(rounds + 1)][1:]
        except EngineError:
            return None, memory, peak.mib
    return median(took_s), memory, peak.mib


def _read(path: Path) -> Picture:
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imread(str(path))), cv2.COLOR_BGR2RGB), np.uint8)


def _took_s(engine: Connection, picture: Picture) -> float:
    answer = engine.matte(picture, photo="1", timeout_s=100, queue_timeout_s=100)
    return float(answer.facts["took_s"])


def markdown(report: Report) -> str:
    """One engine's table, beside what was published."""
    hello = report.hello
    rows = [
        f"{hello['framework']} on {hello['device']}, {hello['model']}, {report.measured}:",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---" + "|---:" * (len(HEADINGS) - 1) + "|",
    ]
    for figure in report.figures:
        cells = (
            f"{figure.size.width}x{figure.size.height}",
            _cell(figure.size.published_s, ".1f"),
            _cell(figure.whole_s, ".2f"),
            _cell(figure.stages_s.get("matte"), ".2f"),
            _cell(figure.memory_mib, ".0f"),
            _cell(figure.network_s, ".2f", "does not fit"),
            _cell(figure.native_memory_mib, ".0f"),
        )
        rows.append("| " + " | ".join(cells) + " |")
    if one := report.beside_cpu:
        rows += ["", f"Beside the processor's, alpha is off by {one.worst} of 255 at most"]
        rows[-1] += f", and differs at all in {one.share:.3%} of {one.name}."
    return "\n".join(rows) + "\n"


def _cell(value: float | None, form: str, absent: str = "-") -> str:
    return absent if value is None else format(value, form)


def inserted(page: str, tables: str) -> str:
    """A page with new tables in place of the old ones."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{tables}\n{END}{rest.partition(END)[2]}"


def obstacle(device: str) -> str:
    """Why nothing can be measured; empty if it can."""
    if device == "cpu":
        return ""
    trouble = cuda.look().trouble
    return trouble and (
        f"there is no GPU to measure here: {trouble}. DEVICE=cpu QUICK=1 make gpu-bench tries the "
        "script out on the processor"
    )


def contenders(
    model: Path | None, device: Literal["gpu", "cpu"], tf_python: str | None, root: Path
) -> list[Contender]:
    """ONNX Runtime; and TensorFlow, if an interpreter that has it for GPUs is named."""
    graph = root / "bshm.pb"
    if model is None or tf_python:
        run_elsewhere("matting.networks.bshm", ["--out", str(graph)], tf_python or converter())
    if model is None:
        model = root / "bshm.onnx"
        convert(graph, model, None)
    python = str(PYTHON) if device == "gpu" else None
    found = [Contender("onnx", model.absolute(), python, device)]
    return found + ([Contender("bshm", graph, tf_python, device)] if tf_python else [])


def main(
    model: Annotated[
        Path | None,
        typer.Option(envvar="MODEL", help="A converted BSHM (.onnx); else one is made, untrained."),
    ] = None,
    device: Annotated[str, typer.Option(envvar="DEVICE", help="gpu, or cpu to try out.")] = "gpu",
    tf_python: Annotated[
        str | None,
        typer.Option(envvar="TF_PYTHON", help="Also measure the TensorFlow of this interpreter."),
    ] = None,
    page: Annotated[Path, typer.Option(help="Gets the tables, if there is a GPU.")] = ROOT
    / "docs"
    / "gpu.md",
    *,
    quick: Annotated[bool, typer.Option(envvar="QUICK", help="Two sizes, once each.")] = False,
    check: Annotated[bool, typer.Option(help="Only say whether there is a GPU.")] = False,
) -> None:
    """Measure, print the tables, and write them to docs/gpu.md and bench-out/gpu.json."""
    if fault := obstacle(device):
        typer.echo(fault, err=True)
        raise typer.Exit(1)
    if check:
        return
    where: Literal["gpu", "cpu"] = "cpu" if device == "cpu" else "gpu"
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gpu-", dir=OUT) as name:
        root = Path(name).resolve()
        reports = []
        for contender in contenders(model, where, tf_python, root):
            place = root / contender.name
            place.mkdir()
            sizes, rounds = (SIZES[:2], 1) if quick else (SIZES, 5)
            reports.append(measure(contender, sizes, rounds, place))
            typer.echo(markdown(reports[-1]))
    (OUT / "gpu.json").write_text(json.dumps([asdict(report) for report in reports], indent=1))
    if where == "gpu":
        tables = "\n".join(map(markdown, reports))
        page.write_text(inserted(page.read_text("utf-8"), tables), "utf-8")
        typer.echo(f"These tables are in {page} now; all figures: {OUT / 'gpu.json'}")


def command() -> typer.Typer:
    """``main``, as a program."""
    program = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    program.command()(main)
    return program


if __name__ == "__main__":
    command()()
