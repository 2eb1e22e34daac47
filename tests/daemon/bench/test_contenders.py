"""Which engines a bench knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.bench import contenders
from daemon.config import load
from daemon.config.settings import Settings
from daemon.errors import SettingsError

BARE = "folders: [{watch: in, results: to}]\nstate_dir: state\n"


@pytest.fixture(autouse=True)
def _no_models_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("MATTED_MODELS", str(tmp_path / "shared"))


def read(tmp_path: Path, more: str = "") -> Settings:
    return load.parse(BARE + more, source="test", base=tmp_path)


def install(store: Path, name: str) -> None:
    """A manifest alone is enough to be known; what is wrong with it shows when it is run."""
    store.mkdir(parents=True, exist_ok=True)
    (store / f"{name}.json").write_text("{}")


def test_without_a_model_there_is_the_engine_for_people_which_will_say_what_to_type(
    tmp_path: Path,
) -> None:
    known = contenders.known(read(tmp_path))
    assert list(known) == ["people"]
    assert known["people"].wanted.engine.name == "people"
    assert contenders.chosen(None, known) == (known["people"],)
    assert not known["people"].installed


def test_the_engine_for_people_is_not_tried_unasked_where_its_network_is_absent(
    tmp_path: Path,
) -> None:
    """Or a bench of what is there would end as one that failed."""
    install(tmp_path / "state" / "models", "u2net")
    known = contenders.known(read(tmp_path))
    assert [one.name for one in contenders.chosen(None, known)] == ["u2net"]
    assert [one.name for one in contenders.chosen("people,u2net", known)] == ["people", "u2net"]


def test_the_network_for_people_and_its_engine_are_one(tmp_path: Path) -> None:
    install(tmp_path / "state" / "models", "selfie")
    known = contenders.known(read(tmp_path))
    assert list(known) == ["people"]
    assert contenders.chosen("selfie,people", known) == (known["people"],)


def test_installed_models_go_by_their_names_wherever_they_are(tmp_path: Path) -> None:
    install(tmp_path / "state" / "models", "u2net")
    install(tmp_path / "data" / "matted" / "models", "modnet")
    known = contenders.known(read(tmp_path))
    assert list(known) == ["people", "modnet", "u2net"]
    engine = known["u2net"].wanted.engine
    assert (engine.name, engine.model) == ("auto", "u2net")


def test_the_file_that_the_settings_name_is_one_of_them(tmp_path: Path) -> None:
    named = read(tmp_path, "engine: {model: models/graph.pb}\n")
    assert list(contenders.known(named)) == ["people", "bshm"]
    install(tmp_path / "state" / "models", "bshm")
    known = contenders.known(named)
    assert list(known) == ["people", "graph.pb", "bshm"]
    assert known["graph.pb"].wanted.engine.model == tmp_path / "models" / "graph.pb"
    own = contenders.known(read(tmp_path, "engine: {model: own.tflite}\n"))
    assert list(own) == ["people", "own.tflite", "bshm"]


def test_an_interpreter_is_for_the_engine_that_it_was_given_for(tmp_path: Path) -> None:
    """The one that has TensorFlow 1.15 has no OpenCV."""
    settings = read(tmp_path, "engine: {model: models/graph.pb, python: tf1/bin/python}\n")
    known = contenders.known(settings)
    assert known["bshm"].wanted.engine.python == tmp_path / "tf1" / "bin" / "python"
    assert known["people"].wanted.engine.python is None


def test_names_are_chosen_in_their_order_and_once(tmp_path: Path) -> None:
    for name in ("u2net", "selfie"):
        install(tmp_path / "state" / "models", name)
    known = contenders.known(read(tmp_path))
    assert [one.name for one in contenders.chosen(None, known)] == ["people", "u2net"]
    named = contenders.chosen(" u2net,people,u2net, ", known)
    assert [one.name for one in named] == ["u2net", "people"]


def test_a_name_that_is_not_known_is_said_with_what_was_meant(tmp_path: Path) -> None:
    known = contenders.known(read(tmp_path))
    with pytest.raises(SettingsError, match=r"'peple' and no model .*did you mean people"):
        contenders.chosen("peple", known)
    with pytest.raises(SettingsError, match="2 faults"):
        contenders.chosen("u2net,people,modnet", known)
    with pytest.raises(SettingsError, match="names none; known are people"):
        contenders.chosen(" ,", known)
