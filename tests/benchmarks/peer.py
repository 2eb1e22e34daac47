"""`matted process` beside rembg: the same photos, the same network, cut-outs alone, in turns.

``make bench PEER=1`` installs rembg into an environment of its own, and U2-Net-P into the user's
model store, if they are not there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from matting.models.store import Store
from matting.models.stores import user_directory
from tests.benchmarks.effort import Effort
from tests.benchmarks.photos import make_photos
from tests.benchmarks.runs import Run, run

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-peer"
_MODEL = "u2netp"
_PEER = "rembg[cpu,cli]==2.0.86"
_PHOTOS = ROOT.parent / "shared" / "photos"
_MIX = (
    *("boy-scratched.png", "couple-1855.jpg", "couple-1912.jpg", "curly-grey.jpg"),
    *("girl-1870.jpg", "girls-1860.jpg", "inuit-woman-1903.png", "lincoln-1863.jpg"),
    *("man-24mp.jpg", "musician-1867.jpg", "seneca-1908.jpg", "standing-woman-12mp.jpg"),
    *("toddler.jpg", "windswept.jpg"),
)
_SIZES = (0.1, 0.3, 0.6, 1.0, 1.7, 2.0, 6.0, 12.0, 24.0)
"""Megapixels, where the project's test photos are not at hand."""
_OURS, _PLAIN, _CLEAN = "matted process", "rembg p", "rembg p -dc"
_OUTPUT = "profiles: {cut: {outputs: [{foreground: {}}]}}\n"
_SETTINGS = f"state_dir: state\nengine: {{model: {_MODEL}}}\n{_OUTPUT}"


@dataclass(frozen=True, slots=True)
class Peer:
    """Runs in turns, by what was run."""

    photos: int
    runs: Mapping[str, tuple[Run, ...]]


def measure(effort: Effort, root: Path) -> Peer:
    """All of them once, as often as the effort says."""
    home = _prepared(root)
    mix = root / "mix"
    count = _gather(mix)
    settings = root / "cut.yaml"
    settings.write_text(_SETTINGS)
    ours = [sys.executable, "-m", "daemon", "process", str(mix), "--config", str(settings)]
    peer = [str(VENV / "bin" / "rembg"), "p", "-m", _MODEL]
    commands: dict[str, Sequence[str]] = {
        _OURS: [*ours, "--profile", "cut", "--json", "--out"],
        _PLAIN: [*peer, str(mix)],
        _CLEAN: [*peer, "-dc", str(mix)],
    }
    taken: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(effort.pairs):
        for name, command in commands.items():
            out = root / f"{name} {number}"
            out.mkdir()
            taken[name].append(run([*command, str(out)], env={"U2NET_HOME": str(home)}))
            if (found := sum(path.is_file() for path in out.rglob("*"))) < count:
                raise RuntimeError(f"{name} made {found} results of {count} photos")
            shutil.rmtree(out)
    return Peer(count, {name: tuple(runs) for name, runs in taken.items()})


def _prepared(root: Path) -> Path:
    """Install what is missing; where the peer finds its network."""
    if not (VENV / "bin" / "rembg").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", _PEER]
        subprocess.run(pip, check=True)
    store = Store(user_directory())
    if (model := store.find(_MODEL)) is None:
        subprocess.run([sys.executable, "-m", "daemon", "model", "install", _MODEL], check=True)
        model = store.find(_MODEL)
    assert model is not None
    home = root / "peer"
    home.mkdir()
    shutil.copyfile(model.path, home / f"{_MODEL}.onnx")
    return home


def _gather(mix: Path) -> int:
    """Fourteen photos from 0.1 to 24 megapixels, or one at nine sizes; how many there are."""
    mix.mkdir()
    if _PHOTOS.is_dir():
        for name in _MIX:
            shutil.copyfile(_PHOTOS / name, mix / name)
        return len(_MIX)
    return len(make_photos(mix, _SIZES))


def table(figures: Peer) -> Table:
    """One row per program; ratios are medians of the ratios within a turn."""
    shown = Table(title=f"{figures.photos} photos, U2-Net-P, cut-outs alone (medians)")
    headings = ("", "by the clock, s", "processor, s", "peak MiB", "ours: clock", "ours: processor")
    for heading in headings:
        shown.add_column(heading, justify="right" if heading else "left")
    ours = figures.runs[_OURS]
    for name, runs in figures.runs.items():
        shown.add_row(
            name,
            f"{median(one.wall_s for one in runs):.1f}",
            f"{median(one.cpu_s for one in runs):.1f}",
            f"{median(one.peak_mib for one in runs):.0f}",
            *("", "") if name == _OURS else _ratios(ours, runs),
        )
    return shown


def _ratios(ours: Sequence[Run], theirs: Sequence[Run]) -> tuple[str, str]:
    pairs = tuple(zip(ours, theirs, strict=True))
    clock = median(one.wall_s / other.wall_s for one, other in pairs)
    return f"{clock:.2f}", f"{median(one.cpu_s / other.cpu_s for one, other in pairs):.2f}"
