"""`matted doctor` finds what would keep photos waiting, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import networks
import pytest
from people_network import furnish

from daemon.config.load import parse
from daemon.config.settings import Settings
from daemon.doctor import Finding, Severity, examine
from matting.faces import network

pytestmark = pytest.mark.usefixtures("people_network")


def made(root: Path, text: str = "") -> Settings:
    base = f"state_dir: state\nfolders: [{{watch: in, results: out{text}}}]"
    return parse(base, source="test.yaml", base=root)


def bad(findings: list[Finding]) -> list[str]:
    return [f"{f.what}: {f.told}" for f in findings if f.verdict is Severity.BAD]


def test_a_good_set_up_has_nothing_bad_and_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    findings = list(examine(made(tmp_path)))
    assert not bad(findings)
    assert any(
        f.told == "people: the model selfie is installed" for f in findings if f.what == "engine"
    )
    assert any("takes every name" in finding.told for finding in findings)
    assert any("opencv" in f.told and "on cpu" in f.told for f in findings)
    assert not list((tmp_path / "in").iterdir())
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not left


def test_a_damaged_network_for_faces_is_told_and_is_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    assert not [found for found in examine(made(tmp_path)) if found.what == "faces"]
    monkeypatch.setattr(network, "FILE", "nowhere.tflite")
    findings = list(examine(made(tmp_path)))
    (told,) = (found for found in findings if found.what == "faces")
    assert told.verdict is Severity.NOTE
    assert "matting/weights/nowhere.tflite is not as it was installed" in told.told
    assert not bad(findings)


def test_how_large_a_photo_may_be_is_said_beforehand(tmp_path: Path) -> None:
    """A scan that is too large for its process would be found out by its failure."""
    (tmp_path / "in").mkdir()
    base = "state_dir: state\nfolders: [{watch: in, results: out}]\nworkers: 2\n"
    text = f"{base}limits: {{photo_memory_mb: 900, max_megapixels: %s}}"
    told = {
        most: next(
            found
            for found in examine(parse(text % most, source="test.yaml", base=tmp_path))
            if found.what == "photos"
        )
        for most in (20, 100)
    }
    assert (told[20].verdict, told[100].verdict) == (Severity.OK, Severity.NOTE)
    assert "2 at once, 0.9 GB each: enough for 31 megapixels" in told[20].told
    assert "100 are taken, which need 2.5 GB" in told[100].told


def test_folders_that_are_away_and_files_in_their_place_are_found(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "archive").write_text("a file")
    findings = list(examine(made(tmp_path, ", originals: archive, archive: archive")))
    told = "\n".join(bad(findings))
    assert "in: No such file or directory: photos there cannot be seen" in told
    assert "archive: Not a directory" in told


def test_results_that_cannot_be_written_are_found(tmp_path: Path) -> None:
    """Even root cannot write where a file system is mounted read-only."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", str(tmp_path / "out")]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a read-only file system")
    try:
        findings = list(examine(made(tmp_path)))
    finally:
        subprocess.run(["umount", str(tmp_path / "out")], check=True)
    assert any("Read-only file system" in told for told in bad(findings))


@pytest.mark.parametrize(
    ("profile", "installed", "notes"),
    [("old-photo", False, 1), ("old-photo", True, 0), ("studio-portrait", False, 0)],
)
def test_a_step_that_has_nobody_to_find_people_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, notes: int, *, installed: bool
) -> None:
    """Whatever the engine; here one that cannot even start."""
    if not installed:
        monkeypatch.setenv("MATTED_MODELS", str(tmp_path / "shared"))
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    text = f"""state_dir: state
folders: [{{watch: in, results: out, profile: {profile}}}]
engine: {{model: own.onnx, python: nowhere/python}}
"""
    findings = examine(parse(text, source="test.yaml", base=tmp_path))
    told = [f.told for f in findings if f.what == "focus_person"]
    assert len(told) == notes
    assert all("is not installed: `" in one and "model install selfie`" in one for one in told)


def test_a_damaged_network_for_such_a_step_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTED_MODELS", str(tmp_path / "shared"))
    furnish(tmp_path / "shared")
    (file,) = (tmp_path / "shared" / "files").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    text = """state_dir: state
folders: [{watch: in, results: out}]
engine: {model: own.onnx, python: nowhere/python}
"""
    findings = list(examine(parse(text, source="test.yaml", base=tmp_path)))
    assert any("focus_person: the model selfie is not what was" in told for told in bad(findings))


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("absent", "bad the model mine is not installed: `"),
        ("cut", "bad the model mine is not what was installed; "),
        ("whole", "ok solved a small tile"),
    ],
)
def test_a_refiner_that_a_profile_names_is_tried_out(tmp_path: Path, state: str, told: str) -> None:
    """It was not looked at: `doctor` said that all was well, and `run` refused to start."""
    (tmp_path / "in").mkdir()
    config, file = tmp_path / "matted.yaml", tmp_path / "mine.onnx"
    config.write_text("""state_dir: state
folders: [{watch: in, results: out, profile: fine}]
models: {mine: {trimap: plane}}
profiles: {fine: {preprocess: [], matting: {refiner: mine}}}
""")
    if state != "absent":
        file.write_bytes(networks.refining(4, (0, 1, 0, 0)))
        install = ["model", "install", "mine", "--from", str(file), "--config", str(config)]
        subprocess.run([sys.executable, "-m", "daemon", *install], check=True, capture_output=True)
    if state == "cut":
        (installed,) = (tmp_path / "state" / "models" / "files").iterdir()
        installed.write_bytes(installed.read_bytes()[:-1])
    settings = parse(config.read_text(), source=str(config), base=tmp_path)
    (found,) = (f for f in examine(settings) if f.what == "refiner mine")
    assert f"{found.verdict} {found.told}".startswith(told)


def test_an_engine_that_cannot_run_is_found(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    settings = made(tmp_path)
    python = settings.engine.model_copy(
        update={"model": tmp_path / "x.onnx", "python": tmp_path / "no-python"}
    )
    findings = list(examine(settings.model_copy(update={"engine": python})))
    assert any("there is no program" in told for told in bad(findings))


def test_an_engine_that_other_machines_run_is_compared_with_and_not_started(tmp_path: Path) -> None:
    """The daemon's own machine may have no GPU, and needs none."""
    (tmp_path / "in").mkdir()
    text = (
        "state_dir: state\nfolders: [{watch: in, results: out}]\nengine: {device: gpu}\n"
        'executor: {name: dask, address: "127.0.0.1:8786"}\n'
    )
    findings = list(examine(parse(text, source="test.yaml", base=tmp_path)))
    assert not bad(findings)
    told = [found.told for found in findings if found.what == "engine"]
    assert told[0] == "people: the model selfie is installed"
    assert told[1].startswith("runs on the workers alone")
