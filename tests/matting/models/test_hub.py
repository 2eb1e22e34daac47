"""ModelScope's real client, against a server that speaks its interface."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import ModelScope

from matting.models import hub
from matting.models.catalog import CatalogEntry, Hub
from matting.models.download import Listener
from matting.models.errors import ModelError, NotHad
from matting.models.install import Order, install
from matting.models.store import Store
from matting.models.trial import TrialSettings
from matting.networks.recipe import Recipe

LISTING = "/files?Revision=master&Recursive=True"
FILE = "?Revision=master&FilePath=tf_graph.pb"
REPOSITORY = Hub("iic/cv_unet_image-matting", "tf_graph.pb")


@pytest.fixture(autouse=True)
def _client() -> None:
    pytest.importorskip(
        "modelscope_hub", reason="NO modelscope-hub: downloads from ModelScope are NOT tested"
    )


@pytest.fixture
def modelscope(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModelScope]:
    content = b"".join(number.to_bytes(4, "big") for number in range(100_000))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with ModelScope(content) as server:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", server.endpoint)
        yield server


def fetched(tmp_path: Path, watch: Listener | None = None) -> bytes:
    client = hub.HubClient(REPOSITORY, tmp_path / "hub")
    return client.fetch(client.look(), tmp_path, watch or Listener()).read_bytes()


def test_a_file_is_listed_downloaded_and_counted(modelscope: ModelScope, tmp_path: Path) -> None:
    told: list[int] = []
    whole = modelscope.content
    assert fetched(tmp_path, Listener(progress=lambda have, _: told.append(have))) == whole
    assert told[-1] == len(whole)
    assert modelscope.asked() == [LISTING, FILE]


def test_nothing_is_left_in_the_users_home_and_nothing_is_sent_from_it(
    modelscope: ModelScope, tmp_path: Path
) -> None:
    credentials = tmp_path / "home" / ".modelscope" / "credentials"
    credentials.mkdir(parents=True)
    (credentials / "git_token").write_text("secret")
    before = sorted((tmp_path / "home").rglob("*"))
    fetched(tmp_path)
    assert sorted((tmp_path / "home").rglob("*")) == before
    assert "secret" not in str(modelscope.requests)


def test_a_broken_connection_is_gone_on_with(modelscope: ModelScope, tmp_path: Path) -> None:
    modelscope.misdeeds = ["break_off"]
    assert fetched(tmp_path) == modelscope.content
    assert modelscope.asked() == [LISTING, FILE, FILE]
    assert modelscope.ranges()[-1] == f"bytes={len(modelscope.content) // 2}-"


def test_a_whole_file_is_not_downloaded_again(modelscope: ModelScope, tmp_path: Path) -> None:
    fetched(tmp_path)
    assert fetched(tmp_path) == modelscope.content
    assert modelscope.asked() == [LISTING, FILE, LISTING]


def test_a_file_that_is_not_as_listed_is_refused(
    modelscope: ModelScope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("modelscope_hub._download.DOWNLOAD_HASH_RETRY_TIMES", 1)
    modelscope.sha256 = "0" * 64
    with pytest.raises(NotHad, match=r"iic/cv_unet_image-matting: .*[Hh]ash mismatch") as caught:
        fetched(tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tf_graph.pb").exists()


def test_a_repository_without_the_file_is_said(modelscope: ModelScope, tmp_path: Path) -> None:
    modelscope.listed = False
    with pytest.raises(NotHad, match=r"has no file tf_graph\.pb"):
        fetched(tmp_path)


def test_a_hub_that_cannot_be_reached_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(NotHad, match="ModelScope's iic/cv_unet_image-matting: ") as caught:
        hub.HubClient(REPOSITORY, tmp_path / "hub").look()
    assert "\n" not in str(caught.value)


def test_a_model_of_the_hub_is_installed_and_not_downloaded_twice(
    modelscope: ModelScope, tmp_path: Path, red: bytes
) -> None:
    modelscope.content = red
    entry = CatalogEntry("net", "onnx", "whatever is red", "CC0", (REPOSITORY,), Recipe())
    order = Order(entry=entry, place=TrialSettings(device="cpu"))
    store = Store(tmp_path / "models")
    model = install(store, order, Listener())
    assert model.source == "ModelScope iic/cv_unet_image-matting, tf_graph.pb"
    assert not (store.directory / ".partial" / "net").exists()
    assert install(store, order, Listener()).sha256 == model.sha256
    assert modelscope.asked() == [LISTING, FILE, LISTING]


def test_without_the_client_a_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "modelscope_hub.py").write_text("raise ImportError('not here')")
    program = (
        "from pathlib import Path; from matting.models import hub; "
        "from matting.models.catalog import Hub\n"
        "try: hub.HubClient(Hub('iic/x', 'tf_graph.pb'), Path('.'))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{root}"},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{ModelError.__name__} models from ModelScope need its client")
    assert f"{sys.executable} -m pip install modelscope-hub" in line
    assert "--from FILE" in line
