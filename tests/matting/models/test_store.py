"""What a store promises: the old model or the new, and nothing that nobody needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from matting.models.content import held, sha256, verify
from matting.models.errors import Busy, ModelError, UnknownModel
from matting.models.model import Model
from matting.models.store import Store
from matting.models.stores import Stores, shared_directory, user_directory
from matting.networks.recipe import U2NET

PICTURE = b"a picture"
ROOT = Path(__file__).parents[3]
STUBS = ROOT / "tests" / "stubs"


def installed(store: Store, name: str, content: bytes) -> Model:
    with store.installing(name) as workplace:
        candidate = workplace / "candidate.onnx"
        candidate.write_bytes(content)
        about = Model(name, "onnx", candidate, sha256(candidate), U2NET, "a test", ("beware",))
        return store.activate(about, candidate, PICTURE)


def files(store: Store) -> list[str]:
    """All that is visible, by what is in it."""
    return sorted(
        path.read_bytes().decode() if path.parent.name == "files" else path.name
        for path in store.directory.rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.parent.name != ".partial"
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "not" / "there yet")


def test_what_was_activated_is_found_again(store: Store) -> None:
    model = installed(store, "u2net", b"weights")
    assert Store(store.directory).find("u2net") == model
    assert store.list() == (model,)
    assert model.path.read_bytes() == b"weights"
    assert model.size_bytes == 7
    matte = store.matte(model)
    assert matte is not None
    assert matte.read_bytes() == PICTURE
    assert model.options("cpu") == {
        "model": str(model.path),
        "name": "u2net",
        "device": "cpu",
        "recipe": U2NET.to_json(),
    }


def test_an_empty_store_has_nothing_and_is_not_made_by_looking(store: Store) -> None:
    assert store.find("u2net") is None
    assert store.list() == ()
    assert not store.directory.exists()


def test_another_file_replaces_the_first_and_nothing_of_that_stays(store: Store) -> None:
    installed(store, "u2net", b"old")
    new = installed(store, "u2net", b"new")
    assert store.list() == (new,)
    assert files(store) == ["new", "u2net-" + new.sha256[:12] + ".png", "u2net.json"]


def test_two_names_may_share_a_file_and_one_can_go(store: Store) -> None:
    one, other = installed(store, "one", b"same"), installed(store, "other", b"same")
    assert one.path == other.path
    store.remove("one")
    assert verify(other) == "OK"
    assert store.names() == ["other"]
    store.remove("other")
    assert files(store) == []


def test_a_file_that_an_engine_runs_stays_until_nobody_does(store: Store) -> None:
    old = installed(store, "u2net", b"old")
    with held(old.path):
        new = installed(store, "u2net", b"new")
        assert old.path.read_bytes() == b"old"
    store.remove("u2net")
    assert not old.path.exists()
    assert not new.path.exists()


def test_what_a_killed_install_left_is_removed_by_the_next(store: Store) -> None:
    installed(store, "one", b"one")
    (store.directory / "files" / ("0" * 64 + ".onnx")).write_bytes(b"orphan")
    (store.directory / "two-000000000000.png").write_bytes(b"orphan")
    (store.directory / ".two.json.new").write_text("{")
    two = installed(store, "two", b"two")
    assert verify(two) == "OK"
    assert "orphan" not in files(store)
    assert not list(store.directory.glob(".*.new"))
    assert not list(store.directory.glob("two-000000000000.png"))


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [
        (lambda path: path.write_bytes(b"weightz"), "CHANGED"),
        (lambda path: path.write_bytes(b""), "CHANGED"),
        (lambda path: path.unlink(), "MISSING"),
        (lambda _: None, "OK"),
    ],
)
def test_verify_tells_what_became_of_a_file(store: Store, spoil: object, verdict: str) -> None:
    model = installed(store, "u2net", b"weights")
    assert callable(spoil)
    spoil(model.path)
    assert verify(model) == verdict


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is damaged"),
        ("[]", "it is damaged"),
        ('{"format": 2}', "it is of format 2, and only 1 is known"),
        ('{"format": 1}', "it is damaged"),
    ],
)
def test_a_damaged_manifest_is_said_and_can_be_replaced_or_removed(
    store: Store, text: str, reason: str
) -> None:
    installed(store, "u2net", b"weights")
    manifest = store.directory / "u2net.json"
    manifest.write_text(text)
    with pytest.raises(ModelError, match=reason):
        store.find("u2net")
    model = installed(store, "u2net", b"weights")
    assert store.find("u2net") == model
    manifest.write_text(text)
    store.remove("u2net")
    assert files(store) == []


@pytest.mark.parametrize("name", ["/etc/passwd", "files/../../x.onnx", "files/x.onnx"])
def test_a_manifest_cannot_lead_out_of_the_store(store: Store, name: str) -> None:
    installed(store, "u2net", b"weights")
    manifest = store.directory / "u2net.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"file": name}))
    with pytest.raises(ModelError, match="it names no model file"):
        store.find("u2net")


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "../a", "a.pb", "a.onnx", "a b", "ä", "a" * 65, "a\n"]
)
def test_names_that_could_be_paths_or_files_are_refused(store: Store, name: str) -> None:
    with pytest.raises(UnknownModel, match="cannot be a model's name"):
        store.find(name)
    with pytest.raises(UnknownModel), store.installing(name):
        pass
    assert not store.directory.exists()


def test_removing_what_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(UnknownModel, match="u2net is not installed in"):
        store.remove("u2net")


def test_only_one_process_installs_a_model_at_a_time(store: Store) -> None:
    program = (
        "import sys; from pathlib import Path; from matting.models.store import Store\n"
        "with Store(Path(sys.argv[1])).installing('u2net'): print('in', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(store.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        with pytest.raises(Busy, match="another matted is installing u2net"):
            installed(store, "u2net", b"weights")
        installed(store, "modnet", b"other weights")
        other.kill()
        other.wait()
        installed(store, "u2net", b"weights")  # no lock survives its process


def test_the_daemons_own_store_comes_before_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    mine = installed(Store(user_directory()), "u2net", b"mine")
    other = installed(Store(user_directory()), "other", b"other")
    assert Stores.beside(tmp_path / "state").find("u2net") == mine
    own = installed(Store(tmp_path / "state" / "models"), "u2net", b"the daemon's")
    both = Stores.beside(tmp_path / "state")
    assert both.find("u2net") == own
    assert both.list() == (other, own)


def test_the_shared_store_comes_last_and_needs_no_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "no-home"))
    everybodys = installed(Store(shared_directory()), "u2net", b"everybody's")
    assert shared_directory() == tmp_path / "shared"
    assert Stores.of_user().list() == (everybodys,)
    assert Stores.beside(tmp_path / "state").list() == (everybodys,)
    mine = installed(Store(user_directory()), "u2net", b"mine")
    assert Stores.of_user().list() == (mine,)
    assert Stores.beside(tmp_path / "state").find("u2net") == mine


def test_the_shared_store_is_in_the_programs_own_environment_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MATTED_MODELS")
    assert shared_directory() == Path(sys.prefix) / "share" / "matted" / "models"


def test_a_home_that_is_closed_to_the_service_is_no_store(tmp_path: Path) -> None:
    home = tmp_path / "home"
    installed(Store(home / "matted" / "models"), "u2net", b"mine")
    home.chmod(0)
    powers = "-dac_override,-dac_read_search"
    bound = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"]
    program = (
        "from pathlib import Path; from matting.models.stores import Stores\n"
        "stores = Stores.beside(Path('/none')); print(stores.list(), len(stores.stores))"
    )
    try:
        done = subprocess.run(
            [*(bound if os.geteuid() == 0 else ()), sys.executable, "-c", program],
            env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(home)},
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        home.chmod(0o700)
    assert done.stdout == "() 1\n"


def test_a_store_that_cannot_be_written_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file is in its place")
    with pytest.raises(ModelError, match=r"models cannot be written: Not a directory") as caught:
        installed(Store(tmp_path / "models"), "u2net", b"weights")
    assert "\n" not in str(caught.value)


def test_killed_at_any_call_the_old_model_is_active_or_the_new(tmp_path: Path) -> None:
    program = [sys.executable, str(STUBS / "killed_activation.py"), str(tmp_path)]
    done = subprocess.run(
        program,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    calls = int(done.stdout)
    assert calls >= 8
    seen = []
    for number in range(calls + 1):
        store = Store(tmp_path / str(number))
        model = store.find("net")
        assert model is not None
        assert verify(model) == "OK"
        matte = store.matte(model)
        assert matte is not None
        content = model.path.read_bytes()
        assert matte.read_bytes() == b"picture of " + content
        seen.append(content)
        installed(store, "net", b"newest")
        assert len(files(store)) == 3
    assert seen == sorted(seen, reverse=True), "once the new one is active, it stays"
    assert {b"old", b"new"} == set(seen)


def test_nobody_else_can_take_a_lock_of_the_store(tmp_path: Path) -> None:
    """A shared store is for everybody to read; whoever may open a lock's file may lock it."""
    store = Store(tmp_path / "models")
    before = os.umask(0o022)
    try:
        with store.installing("u2net"), store._changing():
            locks = [*store.directory.rglob("*.lock"), store.directory / ".lock"]
            assert {path.stat().st_mode & 0o077 for path in locks} == {0}
    finally:
        os.umask(before)
