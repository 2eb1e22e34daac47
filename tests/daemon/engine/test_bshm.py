"""The whole daemon with the engine bshm, under every TensorFlow that is at hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from harness import Daemon, write_photo
from laboratory import Laboratory

from daemon.config.settings import EngineSettings
from matting.models.adoption import Offer, adopt
from matting.models.store import Store
from matting.models.trial import TrialSettings

Make = Callable[[Laboratory, str], "RealDaemon"]


class RealDaemon(Daemon):
    """The one that users start, engine and all."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "daemon", "run", "--verbose", "--config", str(self.config)]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make a daemon whose network answers with the red channel; not started yet."""
    made = []

    def make(lab: Laboratory, device: str) -> RealDaemon:
        model = lab.graph("untrained")
        engine = {"name": "bshm", "python": lab.python, "model": model, "device": device}
        made.append(RealDaemon(tmp_path, {}, {"engine": engine}, {}))
        return made[-1]

    yield make
    for one in made:
        if one.child is not None and one.child.poll() is None:
            one.kill()


def test_photos_are_filed_through_the_frozen_graph(lab: Laboratory, make: Make) -> None:
    """254 in the network's alpha is 255 in the matte, and red is red all the way."""
    one = make(lab, "cpu")
    write_photo(one.inbox / "opaque.png", red=254)
    write_photo(one.inbox / "half.png", red=100)
    one.start()
    one.await_("photo.filed", count=2)
    mattes = {Path(name).name: cv2.imread(str(one.results / name), -1) for name in one.mattes()}
    assert np.all(mattes["opaque_matte.png"] == 255)
    assert np.all(mattes["half_matte.png"] == 100)
    ready = one.await_("engine.ready")
    assert ready["framework"].startswith("tensorflow ")
    assert one.said("photo.filed", engine="bshm", device="cpu", people=None)
    for filed in one.said("photo.filed"):
        assert "the model is not trained" in filed["warnings"][0]
    assert one.stop() == 0


def test_an_installed_model_runs_without_being_named(
    laboratory: Callable[[str], Laboratory], tmp_path: Path
) -> None:
    lab = laboratory("tf2")
    store = Store(tmp_path / "state" / "models")
    offer = Offer(name="bshm", engine="bshm", source="a test")
    model = adopt(store, offer, Path(lab.graph("untrained")), TrialSettings(lab.python, "cpu"))
    one = RealDaemon(tmp_path, {}, {"engine": {"python": lab.python, "device": "cpu"}}, {})
    write_photo(one.inbox / "half.png", red=100)
    try:
        one.start()
        one.await_("photo.filed")
        chosen = one.await_("engine.chosen")
        assert (chosen["engine"], chosen["model"]) == ("bshm", "bshm")
        assert chosen["reason"] == "the model bshm is installed"
        ready = one.await_("engine.ready")
        assert ready["model"].startswith(f"bshm {model.sha256[:12]} (untrained")
        (matte,) = one.mattes()
        assert np.all(cv2.imread(str(one.results / matte), -1) == 100)
        store.remove("bshm")
        assert model.path.exists(), "the engine may have to be started again"
        assert one.stop() == 0
    finally:
        if one.child is not None and one.child.poll() is None:
            one.kill()


def test_a_demanded_gpu_that_is_not_there_ends_the_start_in_one_line(
    laboratory: Callable[[str], Laboratory], make: Make
) -> None:
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has a GPU")
    made = make(laboratory("tf1"), "gpu")
    done = subprocess.run(made.command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert last.startswith("matted: the engine bshm cannot run: device: gpu is demanded")
    assert "driver: no NVIDIA driver is loaded" in last


def test_the_engine_finds_paths_from_the_settings_file(tmp_path: Path) -> None:
    context = {"base": tmp_path}
    written = yaml.safe_load("{name: bshm, model: models/x.pb, python: .venv-tf1/bin/python}")
    engine = EngineSettings.model_validate(written, context=context)
    assert engine.model == tmp_path / "models" / "x.pb"
    assert engine.python == tmp_path / ".venv-tf1" / "bin" / "python"
    named = EngineSettings.model_validate({"python": "python3.7"}, context=context)
    assert named.python == Path("python3.7")
