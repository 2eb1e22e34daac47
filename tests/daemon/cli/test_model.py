"""``matted model``, as typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from laboratory import interpreter

from daemon.cli import Exit


def matted(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "daemon", "model", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_build_bshm_writes_a_graph_and_says_that_it_is_untrained(tmp_path: Path) -> None:
    python = interpreter("tf1") or interpreter("tf2")
    if python is None:
        pytest.skip("NO TENSORFLOW: `matted model build-bshm` is NOT tested; `make engine-tf2`")
    out = tmp_path / "tf_graph.pb"
    arguments = ("--width", "2", "--seed", "7", "--python", python, "--out", str(out))
    done = matted("build-bshm", *arguments)
    assert done.returncode == Exit.DONE, done.stderr
    assert "untrained: random weights, seed 7, width 2" in done.stdout
    assert b"input_image" in out.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["tf_graph.pb"]


def test_without_a_tensorflow_one_line_says_how_to_get_one(tmp_path: Path) -> None:
    bare = Path(sys.executable)
    probe = [
        str(bare),
        "-c",
        "import importlib.util as u; raise SystemExit(not u.find_spec('tensorflow'))",
    ]
    if subprocess.run(probe, check=False).returncode == 0:
        pytest.skip("this environment has TensorFlow itself")
    done = matted("build-bshm", "--width", "2", "--out", str(tmp_path / "x.pb"))
    assert done.returncode == Exit.NO_ENGINE
    (line,) = done.stderr.splitlines()
    assert "has no TensorFlow" in line
    assert "make engine-tf1" in line


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--width", "3"), "width has to be even"),
        (("--python", "no-such-python"), "there is no program no-such-python"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(
    tmp_path: Path, arguments: tuple[str, str], reason: str
) -> None:
    python = interpreter("tf1") or interpreter("tf2")
    if python is None:
        pytest.skip("NO TENSORFLOW: `matted model build-bshm` is NOT tested; `make engine-tf2`")
    out = str(tmp_path / "x.pb")
    done = matted("build-bshm", "--python", python, *arguments, "--out", out)
    assert done.returncode == Exit.NO_ENGINE
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
