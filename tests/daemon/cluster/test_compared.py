"""A worker that would treat photos otherwise is refused, with one line for each difference."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import networks
import pytest

from daemon.cluster import compared
from daemon.cluster.hello import Hello, NoHello
from daemon.config.load import parse
from daemon.config.settings import Settings
from daemon.errors import NoEngine
from matting.models.content import sha256
from matting.models.model import Model
from matting.models.store import Store
from matting.networks.recipe import U2NET

ONE = Hello(
    name="studio2",
    slots=2,
    version="0.1.0",
    commit="0123456789",
    engine="onnx",
    device="CPU",
    framework="onnxruntime 1.32.0",
    model="u2netp",
    model_sha256="a" * 64,
    formats=("HEIC", "camera raw"),
    python="3.11.2",
    networks=(f"selfie {'b' * 64}",),
)


class Engine:
    """One that runs, as far as it is looked at."""

    hello: ClassVar[Mapping[str, Any]] = {"device": "GPU 0", "framework": "another 2.0"}


def settings(root: Path, more: str = "", engine: str = "{model: net.onnx}") -> Settings:
    text = "state_dir: state\nfolders: [{watch: in, results: out, profile: mine}]\n"
    profile = "profiles: {mine: {outputs: [matte]}}\n" if "profiles" not in more else ""
    return parse(f"{text}engine: {engine}\n{profile}{more}", source="t.yaml", base=root)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MATTED_MODELS", str(tmp_path / "shared"))
    (tmp_path / "net.onnx").write_bytes(networks.same())
    return tmp_path


def install(root: Path, name: str, content: bytes) -> None:
    """As installed as the daemon can tell; it was tried out by nobody."""
    with Store(root / "state" / "models").installing(name) as workplace:
        candidate = workplace / "candidate"
        candidate.write_bytes(content)
        facts = (sha256(candidate), U2NET, "a test", ())
        Store(root / "state" / "models").activate(
            Model(name, "onnx", candidate, *facts), candidate, b""
        )


def test_alike_machines_differ_in_nothing(root: Path) -> None:
    wanted = compared.of_settings(settings(root))
    other = compared.here(settings(root), Engine(), slots=3)
    assert compared.difference(wanted, other) == ()
    assert (other.slots, other.device, other.engine) == (3, "GPU 0", "onnx")
    assert other.model_sha256 == hashlib.sha256(networks.same()).hexdigest()


@pytest.mark.parametrize(
    ("theirs", "line"),
    [
        ({"version": "0.2.0"}, "it is matted 0.2.0 (0123456789), and the daemon is 0.1.0 (01"),
        ({"commit": "abcdefabcd"}, "it is matted 0.1.0 (abcdefabcd), and the daemon is 0.1.0"),
        ({"engine": "bshm"}, "its engine is bshm, and the daemon's settings choose onnx"),
        ({"model_sha256": "c" * 64}, "its model u2netp (cccccccccccc) is another one than u2netp"),
        ({"formats": ("HEIC",)}, "it cannot read camera raw: pip install 'matted[formats]' there"),
        ({"networks": ()}, "it lacks the network selfie, which photos need: `matted model"),
        ({"networks": ("selfie",)}, "it lacks the network selfie"),
        ({"networks": (f"selfie {'d' * 64}",)}, "its network selfie (dddddddddddd) is another"),
    ],
)
def test_each_difference_is_one_clear_line(theirs: dict[str, Any], line: str) -> None:
    (told,) = compared.difference(ONE, replace(ONE, **theirs))
    assert line in told
    assert told.isprintable()


def test_a_worker_that_reads_more_than_the_daemon_differs_too() -> None:
    """Of two workers, one would file what the other gives up."""
    (told,) = compared.difference(replace(ONE, formats=()), ONE)
    assert "it reads HEIC, camera raw, and the daemon's machine does not" in told


@pytest.mark.parametrize(
    "theirs",
    [
        {"device": "NVIDIA H100", "framework": "onnxruntime-gpu 1.31", "python": "3.13.1"},
        {"name": "studio3", "slots": 16},
        {"commit": ""},
        {"networks": (*ONE.networks, f"further {'e' * 64}")},
        {"model": "called otherwise"},
    ],
)
def test_what_makes_no_difference_may_differ(theirs: dict[str, Any]) -> None:
    assert compared.difference(ONE, replace(ONE, **theirs)) == ()


def test_all_differences_are_told_at_once() -> None:
    other = replace(ONE, version="9", engine="bshm", formats=(), networks=())
    assert len(compared.difference(ONE, other)) == 4


def test_networks_that_profiles_ask_besides_are_demanded(root: Path) -> None:
    """A worker without the one for focus_person would quietly make worse cut-outs."""
    more = (
        "models: {edges: {size: [512, 512], trimap: plane}}\n"
        "profiles: {mine: {preprocess: [focus_person], matting: {refiner: edges}}}\n"
    )
    wanted = compared.of_settings(settings(root, more))
    assert wanted.networks == ("edges", "selfie")
    bare = compared.here(settings(root), Engine(), slots=1)
    assert len(compared.difference(wanted, bare)) == 2
    install(root, "selfie", networks.same() + b"1")
    install(root, "edges", networks.same() + b"2")
    whole = compared.here(settings(root), Engine(), slots=1)
    assert compared.difference(wanted, whole) == ()
    assert compared.difference(compared.of_settings(settings(root, more)), whole) == ()


def test_what_turns_photos_is_demanded_and_so_is_what_is_installed_here(root: Path) -> None:
    """Without the network that finds people a worker would leave scans on their side, quietly."""
    text = (
        "state_dir: state\nengine: {model: net.onnx}\n"
        "folders: [{watch: in, results: out, profile: mine, turn: auto}]\n"
        "profiles: {mine: {outputs: [matte]}}\n"
    )
    assert compared.of_settings(parse(text, source="t", base=root)).networks == ("selfie",)
    assert compared.of_settings(settings(root)).networks == ()
    install(root, "selfie", networks.same() + b"1")
    (demanded,) = compared.of_settings(settings(root)).networks
    assert demanded.startswith("selfie ")
    assert len(demanded.split()) == 2


def test_another_network_of_a_name_is_refused_though_nothing_needs_it_now(root: Path) -> None:
    """A redo may name its engine tomorrow; a worker without it says so then."""
    install(root, "u2netp", networks.same() + b"1")
    (told,) = compared.of_settings(settings(root)).networks
    name, digest, optional = told.split()
    assert (name, optional) == ("u2netp", "optional")
    mine = replace(ONE, model="another", networks=(told,))
    assert compared.difference(mine, replace(ONE, networks=())) == ()
    assert compared.difference(mine, replace(ONE, networks=(f"u2netp {digest}",))) == ()
    (line,) = compared.difference(mine, replace(ONE, networks=(f"u2netp {'e' * 64}",)))
    assert "its network u2netp (eeeeeeeeeeee) is another one than the daemon's" in line


def test_settings_whose_engine_cannot_run_say_so(root: Path) -> None:
    with pytest.raises(NoEngine, match="is not installed"):
        compared.of_settings(settings(root, engine="{model: u2net}"))
    with pytest.raises(NoEngine, match=r"gone\.onnx cannot be read: No such file"):
        compared.of_settings(settings(root, engine="{model: gone.onnx}"))


def test_what_a_worker_says_is_the_same_after_its_way() -> None:
    assert Hello.read(ONE.told()) == ONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"slots": 0},
        {"slots": True},
        {"slots": "2"},
        {"name": 7},
        {"name": "x" * 1000},
        {"formats": "HEIC"},
        {"networks": [["selfie"]]},
        {"networks": ["x"] * 1000},
    ],
)
def test_a_worker_that_talks_nonsense_is_refused_in_one_line(wrong: dict[str, Any]) -> None:
    with pytest.raises(NoHello) as caught:
        Hello.read({**ONE.told(), **wrong})
    assert str(caught.value).isprintable()
    with pytest.raises(NoHello):
        Hello.read({})


def test_what_it_says_cannot_write_to_a_terminal() -> None:
    assert Hello.read({**ONE.told(), "name": "a\x1b[2J\nb"}).name == "a?[2J?b"
