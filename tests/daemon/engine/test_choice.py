"""Which engine runs with which model, and when none does."""

from __future__ import annotations

from pathlib import Path

import networks
import pytest

from daemon.config.load import parse
from daemon.config.settings import Settings
from daemon.engine.choice import choose, finds, guarded
from daemon.errors import ModelAbsent, NoEngine, SettingsError
from matting.models.content import sha256
from matting.models.model import Model
from matting.models.store import Store
from matting.models.stores import user_directory
from matting.networks.recipe import BSHM, U2NET, Recipe
from matting.process.launch import EngineSpec


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MATTED_MODELS", str(tmp_path / "shared"))


def settings(root: Path, engine: str = "{}", more: str = "") -> Settings:
    text = f"state_dir: state\nfolders: [{{watch: in, results: out}}]\nengine: {engine}\n{more}"
    return parse(text, source="test.yaml", base=root)


def install(root: Path, name: str, engine: str = "onnx", store: Path | None = None) -> Model:
    """As installed as the daemon can tell; it was tried out by nobody."""
    made = Store(store or root / "state" / "models")
    recipe = {"bshm": None, "selfie": None, "bshm-onnx": BSHM}.get(name, U2NET)
    with made.installing(name) as workplace:
        candidate = workplace / "candidate"
        candidate.write_bytes(networks.same() + name.encode())
        facts = (sha256(candidate), recipe, "a test", ())
        return made.activate(Model(name, engine, candidate, *facts), candidate, b"")


def test_whom_an_engine_finds_is_known_of_the_one_with_the_same_network(tmp_path: Path) -> None:
    """With another file, or as another engine, it answers something of its own."""
    people = tmp_path / "selfie.tflite"
    named = {"model": str(people), "name": "selfie"}
    assert finds(EngineSpec("people", named), people) == "selfie"
    assert finds(EngineSpec("people", {"model": str(people)}), people) == "selfie.tflite"
    assert not finds(EngineSpec("people", {"model": str(tmp_path / "mine.tflite")}), people)
    assert not finds(EngineSpec("onnx", {"model": str(people)}), people)
    assert not finds(EngineSpec("people", {}), None)
    assert not finds(EngineSpec("stub_engine", {"model": str(people)}), people)


def chosen(root: Path, engine: str = "{}") -> tuple[str, str | None]:
    choice = choose(settings(root, engine))
    return choice.engine, choice.model.name if choice.model else None


def test_auto_takes_bshm_then_its_onnx_twin_then_the_people_network_and_says_why(
    tmp_path: Path,
) -> None:
    install(tmp_path, "u2net")
    with pytest.raises(ModelAbsent, match="network that finds people, selfie, is not installed: `"):
        choose(settings(tmp_path))
    network = install(tmp_path, "selfie", "people")
    found = choose(settings(tmp_path))
    assert (found.engine, found.model) == ("people", network)
    assert found.reason == "the model selfie is installed"
    assert found.options["model"].endswith(".tflite")
    twin = install(tmp_path, "bshm-onnx")
    found = choose(settings(tmp_path))
    assert (found.engine, found.model) == ("onnx", twin)
    assert found.reason == "the model bshm-onnx is installed"
    assert found.options["recipe"] == BSHM.to_json()
    install(tmp_path, "bshm", "bshm")
    assert chosen(tmp_path) == ("bshm", "bshm")
    assert chosen(tmp_path, "{name: onnx}") == ("onnx", "bshm-onnx")
    assert chosen(tmp_path, "{name: people}") == ("people", "selfie")


def test_a_named_model_brings_its_engine_and_its_recipe(tmp_path: Path) -> None:
    model = install(tmp_path, "u2net")
    choice = choose(settings(tmp_path, "{model: u2net, device: cpu}"))
    assert choice.engine == "onnx"
    assert choice.reason == "the settings name the model u2net"
    assert choice.options == {
        "model": str(model.path),
        "name": "u2net",
        "device": "cpu",
        "recipe": U2NET.to_json(),
    }
    assert chosen(tmp_path, "{name: onnx, model: u2net}") == ("onnx", "u2net")


def test_a_model_of_the_users_own_store_is_found_after_the_daemons(tmp_path: Path) -> None:
    users = install(tmp_path, "u2net", store=user_directory())
    assert choose(settings(tmp_path, "{model: u2net}")).model == users
    own = install(tmp_path, "u2net")
    assert choose(settings(tmp_path, "{model: u2net}")).model == own


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (
            "{model: u2netp}",
            r"the model u2netp is not installed: `.*matted model install u2netp`",
        ),
        ("{name: bshm}", r"the model bshm is not installed: `.*matted model install bshm`"),
        ("{name: onnx}", r"model bshm-onnx is not installed: `.*matted model convert bshm PHOTOS`"),
        ("{name: bshm, model: u2net}", "the model u2net is for the engine onnx, not bshm"),
        ("{name: bshm, model: x.onnx}", "x.onnx is for the engine onnx, and engine.name is bshm"),
        ("{name: onnx, model: x.pb}", "x.pb is for the engine bshm, and engine.name is onnx"),
    ],
)
def test_what_cannot_run_is_refused_with_what_to_do(
    tmp_path: Path, engine: str, reason: str
) -> None:
    install(tmp_path, "u2net")
    with pytest.raises(NoEngine, match=reason):
        choose(settings(tmp_path, engine))


@pytest.mark.parametrize(
    ("given", "engine", "path"),
    [
        ("models/x.pb", "bshm", "{root}/models/x.pb"),
        ("tf_graph.pb", "bshm", "{root}/tf_graph.pb"),
        ("./x.onnx", "onnx", "{root}/x.onnx"),
        ("x.tflite", "people", "{root}/x.tflite"),
        ("/opt/models/frozen", "bshm", "/opt/models/frozen"),
    ],
)
def test_what_has_a_slash_or_a_models_ending_is_a_file(
    tmp_path: Path, given: str, engine: str, path: str
) -> None:
    choice = choose(settings(tmp_path, f"{{model: {given}}}"))
    assert choice.engine == engine
    assert choice.model is None
    assert choice.options["model"] == path.format(root=tmp_path)
    assert "recipe" not in choice.options


@pytest.mark.parametrize("spoil", ["change", "shorten", "remove"])
def test_a_file_that_is_not_what_was_installed_is_not_run(tmp_path: Path, spoil: str) -> None:
    model = install(tmp_path, "u2net")
    with guarded(model):
        pass
    content = model.path.read_bytes()
    if spoil == "remove":
        model.path.unlink()
    else:
        model.path.write_bytes(content[:-1] + (b"" if spoil == "shorten" else b"?"))
    with pytest.raises(NoEngine, match="`matted model verify u2net`"), guarded(model):
        pass


def test_a_damaged_manifest_keeps_the_daemon_from_starting_with_something_else(
    tmp_path: Path,
) -> None:
    install(tmp_path, "bshm", "bshm")
    (tmp_path / "state" / "models" / "bshm.json").write_text("{")
    with pytest.raises(NoEngine, match=r"bshm\.json cannot be used, install bshm anew"):
        choose(settings(tmp_path))


def test_own_networks_are_described_in_the_settings(tmp_path: Path) -> None:
    own = "models: {my-net: {size: [320, 240], activation: sigmoid, mean: [0.5, 0.5, 0.5]}}"
    assert settings(tmp_path, more=own).models == {
        "my-net": Recipe(size=(320, 240), activation="sigmoid", mean=(0.5, 0.5, 0.5))
    }


def test_faults_in_their_description_are_told_with_their_place(tmp_path: Path) -> None:
    own = """models:
  u2net: {}
  a/b: {}
  one: {sise: [3, 3], activation: sigmoyd}
  two: {size: [0, 3]}
  three: {mean: [1, 2]}
"""
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, "{model: a b}", own)
    assert caught.value.faults == (
        (
            "line 3: engine.model 'a b' cannot be a model's name: it takes letters, digits, dots,"
            " dashes and underscores, begins with a letter or digit, and does not end like a file's"
        ),
        "line 5: models.u2net u2net is the name of a published network; choose another",
        (
            "line 6: models.a/b 'a/b' cannot be a model's name: it takes letters, digits, dots,"
            " dashes and underscores, begins with a letter or digit, and does not end like a file's"
        ),
        (
            "line 7: models.one.activation should be none, sigmoid, softmax, min_max, not"
            " 'sigmoyd'; did you mean sigmoid?"
        ),
        "line 7: models.one.sise is not known; did you mean size?",
        "line 8: models.two size has to be positive",
        "line 9: models.three.mean[2] is missing",
    )
