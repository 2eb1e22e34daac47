"""``matted model install, list, verify, remove``, as typed, and what then runs the model."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from harness import write_photo
from laboratory import Laboratory
from model_server import ModelScope, ModelServer
from rich.console import Console
from typed_commands import SETTINGS, Matted, install, listed, visible

from daemon.cli import Exit
from daemon.cli.model.install import DownloadSteps

USED = ("-o", "out", "--config", "matted.yaml", "--profile", "plain", "--json")


def test_in_a_pipe_the_end_of_a_download_is_always_told() -> None:
    heard = io.StringIO()
    told = DownloadSteps(Console(file=heard))
    for have in (3, 960, 990, 1000, 1000):  # less than a step before the end
        told(have, 1000)
    assert heard.getvalue().splitlines() == ["96% of 0.0 MB", "100% of 0.0 MB"]


def test_an_own_network_is_installed_listed_used_verified_and_removed(
    matted: Matted, home: Path, store: Path, server: ModelServer
) -> None:
    done = install(matted, server.address)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    lines = done.stdout.splitlines()
    address = server.address.partition("?")[0]
    assert lines[:3] == [
        f"downloading {address}",
        "100% of 0.0 MB",
        "trying it out on the interpreter of matted",
    ]
    assert lines[3].startswith("my-net is installed: 0.0 MB, licence your own, tried out by onnx")
    assert "  use      engine: {model: my-net}" in lines
    (shown,) = (line.split()[1] for line in lines if line.startswith("  see "))
    assert cv2.imread(shown) is not None

    (fact,) = listed(matted, installed=True)
    assert fact["name"] == "my-net"
    assert fact["source"] == address
    assert fact["sha256"] == hashlib.sha256(server.content).hexdigest()
    table = matted("model", "list", "--config", "matted.yaml").stdout
    assert "my-net             your own" in table
    assert "installed, 0.0 MB" in table

    write_photo(home / "a.png", red=77)
    done = matted("process", "a.png", *USED, "--engine", "my-net")
    assert done.returncode == Exit.DONE, done.stderr
    result = json.loads(done.stdout)
    assert result["engine"] == "onnx"
    assert np.all(np.abs(cv2.imread(result["files"]["matte"], -1).astype(int) - 77) <= 1)

    done = matted("model", "verify", "--config", "matted.yaml")
    assert (done.returncode, done.stdout.split()[:2]) == (Exit.DONE, ["OK", "my-net"])
    done = matted("model", "remove", "my-net", "--config", "matted.yaml")
    assert (done.returncode, done.stdout) == (Exit.DONE, "my-net is removed\n")
    assert listed(matted, installed=True) == []
    assert [name for name in visible(store) if not name.endswith("lock")] == []


def test_list_shows_what_can_be_installed_with_its_licence(matted: Matted, store: Path) -> None:
    facts = {fact["name"]: fact for fact in listed(matted, installed=False)}
    assert set(facts) == {
        *("selfie", "bshm", "bshm-aged", "bshm-universal", "u2net", "u2netp", "u2net_human_seg"),
        *("isnet-general-use", "birefnet-portrait", "birefnet-general", "modnet", "my-net"),
    }
    assert facts["birefnet-portrait"]["licence"] == "MIT"
    assert facts["bshm"]["from"] == "modelscope"
    assert facts["selfie"]["from"] == facts["u2netp"]["from"] == "package"
    table = matted("model", "list")
    assert "u2netp" in table.stdout
    assert "my-net" not in table.stdout, "own networks stand in a settings file"
    assert not store.exists(), "looking makes nothing"


def test_a_changed_file_is_told_by_verify_and_keeps_the_engine_from_starting(
    matted: Matted, home: Path, store: Path, server: ModelServer
) -> None:
    assert install(matted, server.address).returncode == Exit.DONE
    (file,) = (store / "files").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    done = matted("model", "verify", "my-net", "--config", "matted.yaml")
    assert done.returncode == 1
    assert done.stdout == f"CHANGED  my-net  {file}\n"
    assert done.stderr.startswith("matted: 1 of 1 are not what was installed")
    write_photo(home / "a.png")
    (home / "uses.yaml").write_text(SETTINGS + "engine: {model: my-net}\n")
    done = matted("process", "a.png", "-o", "out", "--config", "uses.yaml")
    assert done.returncode == Exit.NO_ENGINE
    assert done.stderr.startswith("matted: the model my-net is not what was installed;")
    done = matted("doctor", "--config", "uses.yaml")
    assert f"BAD  model my-net: {file} is CHANGED".lower() in done.stdout.lower()
    assert install(matted, server.address).returncode == Exit.DONE
    assert matted("model", "verify", "--config", "matted.yaml").returncode == Exit.DONE


def test_a_model_that_the_settings_run_is_not_removed_by_mistake(
    matted: Matted, home: Path, store: Path, server: ModelServer
) -> None:
    assert install(matted, server.address).returncode == Exit.DONE
    (home / "uses.yaml").write_text(SETTINGS + "engine: {model: my-net}\n")
    remove = ("model", "remove", "my-net", "--config", "uses.yaml")
    done = matted(*remove)
    assert done.returncode == Exit.MISUSED
    assert "the engine of these settings runs my-net; remove it all the same" in done.stderr
    assert visible(store / "files")
    assert matted(*remove, "--force").returncode == Exit.DONE
    assert not visible(store / "files")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("install", "u2nett"), 2, "there is no model 'u2nett'; did you mean u2net?"),
        (("install", "my-net"), 2, "one of your own stands in a settings file, --config"),
        (("install", "modnet"), 2, "modnet cannot be downloaded: export it from"),
        (("install", "modnet", "--from", "none.onnx"), 1, "cannot be copied: No such file"),
        (("install", "modnet", "--from", "page.onnx"), 3, "it is a web page"),
        (("install", "u2net", "--from", "page.onnx"), 1, "is not the published u2net"),
        (("remove", "u2net"), 2, "u2net is not installed in"),
        (("remove", "../x"), 2, "cannot be a model's name"),
    ],
)
@pytest.mark.usefixtures("store")
def test_misuse_is_said_in_a_line(
    matted: Matted, home: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    (home / "page.onnx").write_text("<html>")
    done = matted("model", *arguments)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert done.stderr.startswith("matted: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("store")
def test_a_terminal_gets_a_progress_bar_that_goes_away(
    on_terminal: Callable[..., tuple[int, str]], seen: Any, server: ModelServer
) -> None:
    server.misdeeds = ["drip"]
    options = ("--config", "matted.yaml", "--from", server.address)
    code, written = on_terminal("model", "install", "my-net", *options, columns=100)
    assert code == 0
    assert "━" in written
    lines = seen(written)
    assert lines[0].startswith("downloading http://127.0.0.1")
    assert not any("━" in line for line in lines)


def test_bshm_comes_from_modelscope_and_then_runs_because_it_is_installed(
    matted: Matted,
    home: Path,
    store: Path,
    environment: dict[str, str],
    laboratory: Callable[[str], Laboratory],
) -> None:
    """All that `matted model install bshm` does, but for the address."""
    pytest.importorskip("modelscope_hub", reason="NO modelscope-hub: bshm's download is NOT tested")
    lab = laboratory("tf2")
    with ModelScope(Path(lab.graph("untrained")).read_bytes()) as hub:
        environment["MODELSCOPE_ENDPOINT"] = hub.endpoint
        without = matted("model", "install", "bshm", "--config", "matted.yaml")
        assert without.returncode == Exit.NO_ENGINE
        assert without.stderr.count("\n") == 1
        assert "it has no TensorFlow; set engine.python to an interpreter that has one" in (
            without.stderr
        )
        assert listed(matted, installed=True) == []
        (home / "matted.yaml").write_text(SETTINGS + f"engine: {{python: {lab.python}}}\n")
        done = matted("model", "install", "bshm", "--config", "matted.yaml")
        assert (done.returncode, done.stderr) == (Exit.DONE, "")
        assert sum(path.startswith("?") for path in hub.asked()) == 1, "it was downloaded once"
    assert "  warning: the model is not trained, its mattes mean nothing" in done.stdout
    assert "UNTRAINED" in matted("model", "list", "--config", "matted.yaml").stdout
    write_photo(home / "a.png", red=100)
    done = matted("process", "a.png", *USED)
    assert done.returncode == Exit.DONE, done.stderr
    result = json.loads(done.stdout)
    assert result["engine"] == "bshm"
    assert "the model is not trained" in result["warnings"][0]
    assert np.all(cv2.imread(result["files"]["matte"], -1) == 100)
    told = matted("doctor", "--config", "matted.yaml").stdout
    assert f"model bshm: {store}/files/" in told
    assert "is what was installed" in told


def test_each_command_finds_what_list_shows_and_list_says_where(
    matted: Matted, home: Path, environment: dict[str, str]
) -> None:
    """Without --config, process and bench also looked where the default state directory is."""
    environment["XDG_DATA_HOME"] = str(home / "data")
    stray = Path(environment["XDG_STATE_HOME"]) / "matted" / "models"
    stray.mkdir(parents=True)
    (stray / "u2net.json").write_text("{")
    told = " ".join(matted("model", "list").stdout.split())
    assert f"Looked for in {environment['XDG_DATA_HOME']}/matted/models" in told
    assert str(stray) not in told
    done = matted("process", "nowhere.png", "-o", "out", "--engine", "u2net-own")
    assert "there is no engine 'u2net-own'" in done.stderr  # and not that u2net.json is damaged
    (home / "own.yaml").write_text(f"state_dir: {stray.parent}\n")
    done = matted("process", "nowhere.png", "-o", "out", "--engine", "x", "--config", "own.yaml")
    assert "u2net" in done.stderr


def test_a_model_in_another_store_is_said_to_be_there(
    matted: Matted, home: Path, environment: dict[str, str]
) -> None:
    """`not installed` was said of what `model list` showed as installed."""
    environment["XDG_DATA_HOME"] = str(home / "data")
    if "installed," not in matted("model", "list").stdout:
        pytest.skip("NO NETWORK THAT FINDS PEOPLE: where it is, is NOT tested; `make people`")
    done = matted("model", "remove", "selfie")
    assert done.returncode == 2
    assert f"not in {home}/data/matted/models; everybody" in done.stderr
