"""A learnt refiner of the user's own, from its installation to a photo's matte; and without it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import networks
import numpy as np
import pytest

from daemon.cli import Exit

Matted = Callable[..., subprocess.CompletedProcess[str]]
SETTINGS = """state_dir: state
folders: [{watch: in, results: out}]
engine: {model: coarse}
models:
  coarse: {size: [64, 64]}
  mine: {trimap: plane, size: [256, 256]}
profiles:
  fine: {preprocess: [], matting: {refiner: mine}, outputs: [matte]}
  plain: {preprocess: [], matting: {refiner: none}, outputs: [matte]}
"""


@pytest.fixture(autouse=True)
def home_with_photo(home: Path, environment: dict[str, str]) -> Path:
    environment["XDG_DATA_HOME"] = str(home / "data")
    environment["MATTED_MODELS"] = str(home / "shared")
    (home / "matted.yaml").write_text(SETTINGS)
    (home / "coarse.onnx").write_bytes(networks.same())
    # Alpha is green, so that the refiner's answer is none that the coarse network can give.
    (home / "mine.onnx").write_bytes(networks.refining(4, (0, 1, 0, 0), (256, 256)))
    photo = np.full((500, 400, 3), (0, 77, 0), np.uint8)  # BGR
    photo[100:400, 100:300, 2] = 255
    cv2.imwrite(str(home / "a.png"), photo)
    return home


def install(matted: Matted, name: str) -> str:
    source = ("--config", "matted.yaml", "--from", f"{name}.onnx")
    done = matted("model", "install", name, *source)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    return done.stdout


def process(matted: Matted, profile: str) -> tuple[dict[str, Any], np.ndarray]:
    options = ("-o", "out", "--config", "matted.yaml", "--profile", profile, "--json")
    done = matted("process", "a.png", *options)
    assert done.returncode == Exit.DONE, done.stderr
    result = json.loads(done.stdout)
    return result, np.asarray(cv2.imread(result["files"]["matte"], cv2.IMREAD_UNCHANGED))


def test_an_installed_refiner_solves_the_edge_that_the_engine_found(
    matted: Matted,
) -> None:
    install(matted, "coarse")
    assert (
        "  use      matting: {refiner: mine}, in a profile" in install(matted, "mine").splitlines()
    )
    table = matted("model", "list", "--config", "matted.yaml").stdout
    assert "edges" in table
    result, matte = process(matted, "fine")
    assert (result["refiner"], result["warnings"]) == ("mine", [])
    assert matte[250, 200] == 255
    assert matte[10, 10] == 0
    assert abs(int(matte[250, 100]) - 77) <= 1
    result, matte = process(matted, "plain")
    assert result["refiner"] == "none"
    assert abs(int(matte[250, 100]) - 77) > 20


def test_a_refiner_that_is_not_installed_is_one_line_with_what_to_type(
    matted: Matted,
) -> None:
    install(matted, "coarse")
    done = matted("process", "a.png", "-o", "out", "--config", "matted.yaml", "--profile", "fine")
    assert done.returncode not in {Exit.DONE, 1}
    assert "the model mine is not installed: `" in done.stderr
    assert "model install mine" in done.stderr


def test_what_finds_people_is_no_refiner_and_a_refiner_finds_nobody(
    matted: Matted, home_with_photo: Path
) -> None:
    install(matted, "coarse")
    install(matted, "mine")
    text = SETTINGS.replace("engine: {model: coarse}", "engine: {model: mine}")
    (home_with_photo / "matted.yaml").write_text(text)
    done = matted("process", "a.png", "-o", "out", "--config", "matted.yaml", "--profile", "plain")
    assert "the model mine solves edges and finds nobody" in done.stderr
