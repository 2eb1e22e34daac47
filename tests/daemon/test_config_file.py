"""Settings: every fault at once, each with its place and, where one is near, what was meant."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel

from daemon.config_file import load, parse
from daemon.errors import SettingsError
from daemon.outputs import OUTPUTS
from daemon.profiles import BUILT_IN, Matting, Output, Profile, Step
from daemon.settings import Engine, Folder, Limits, Settings
from daemon.steps import STEPS

SHORTEST = "folders: [{watch: inbox, results: results}]"


@pytest.fixture(autouse=True)
def _state_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def faults(text: str, base: Path) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse(text, source="test.yaml", base=base)
    return caught.value.faults


def test_the_shortest_useful_file_names_one_folder(tmp_path: Path) -> None:
    settings = parse(SHORTEST, source="test.yaml", base=tmp_path)
    folder = settings.folders[0]
    assert folder.watch == tmp_path / "inbox"
    assert settings.profile(folder.profile) == BUILT_IN["old-photo"]
    assert settings.state_dir == tmp_path / "state-home" / "matted"


def test_all_faults_are_reported_at_once_with_line_and_path(tmp_path: Path) -> None:
    text = """\
stat_dir: /tmp/x
engine:
  name: peeple
  timeout_s: -1
folders:
  - watch: in
    results: in/out
    profile: old-foto
    settle_s: soon
profiles:
  mine:
    preprocess:
      - nuetralize: {strength: 0.5}
      - denoise: {strenght: 3}
"""
    found = faults(text, tmp_path)
    assert found == (
        "line 1: stat_dir is not known; did you mean state_dir?",
        (
            "line 3: engine.name should be auto, bshm, onnx, people, not 'peeple'; did"
            " you mean people?"
        ),
        "line 4: engine.timeout_s should be greater than 0, not -1",
        (
            f"line 7: folders[0].results results {tmp_path}/in/out overlaps with watch"
            f" {tmp_path}/in: keep the folders apart, or results would be taken for new photos"
        ),
        "line 8: folders[0].profile there is no profile 'old-foto'; did you mean old-photo?",
        (
            "line 9: folders[0].settle_s should be a valid number, unable to parse string as a"
            " number, not 'soon'"
        ),
        "line 13: profiles.mine.preprocess[0].nuetralize is not known; did you mean neutralize?",
        (
            "line 14: profiles.mine.preprocess[1].denoise.strenght is not known; did you mean"
            " strength?"
        ),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; `matted init` writes one to start from"),
        (
            SHORTEST + "\nprofiles: {x: {outputs: [matte: {bits: '12'}]}}",
            "matte.bits should be 8, 16, not '12'; known are 8, 16",
        ),
        ("- a\n- b\n", "should be a mapping such as `folders: [...]`"),
        ("folders: [", "not valid YAML: expected the node content, but found '<stream end>'"),
        ("engine: {}", "folders is missing"),
        (SHORTEST + "\nworkers: many", "workers should be"),
        (SHORTEST + "\n" + SHORTEST, "folders is given twice"),
        (SHORTEST + "\nprofiles: {p: {outputs: [matte, matte]}}", "two outputs are named matte"),
        (SHORTEST + "\nprofiles: {p: {outputs: []}}", "outputs"),
        (SHORTEST + "\nprofiles: {p: {file_as: '{stem}'}}", "{output}"),
        (SHORTEST + "\nprofiles: {p: {preprocess: [{}]}}", "exactly one name"),
        (
            SHORTEST + "\nprofiles: {p: {preprocess: [denoise, focus_person]}}",
            "focus_person chooses what the later steps see, so it comes first",
        ),
        ("folders: [{watch: a, results: b, originals: archive}]", "archive"),
        ("folders: [{watch: .nan, results: b}]", "watch"),
        ("key: \x00", "not valid YAML"),
    ],
)
def test_each_kind_of_fault_is_one_clear_line(tmp_path: Path, text: str, told: str) -> None:
    found = faults(text, tmp_path)
    assert any(told in fault for fault in found)
    assert all("\n" not in fault for fault in found)


def test_an_unreadable_file_is_a_settings_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"folders: \xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    "roots",
    [
        "{watch: a, results: a}",
        "{watch: a/b, results: a}",
        "{watch: a, results: b}, {watch: a/c, results: b}",
        "{watch: a, results: b, originals: archive, archive: a/done}",
        "{watch: a, results: b, originals: archive, archive: b/done}",
        "{watch: a, results: link/out}",
        "{watch: state-home, results: b}",
    ],
)
def test_overlapping_roots_are_refused_with_symlinks_resolved(tmp_path: Path, roots: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    assert any("overlaps with" in fault for fault in faults(f"folders: [{roots}]", tmp_path))


def test_folders_may_share_results(tmp_path: Path) -> None:
    text = "folders: [{watch: a, results: r}, {watch: b, results: r}]"
    assert len(parse(text, source="test.yaml", base=tmp_path).folders) == 2


def test_a_step_may_be_written_without_options(tmp_path: Path) -> None:
    text = SHORTEST + "\nprofiles: {p: {preprocess: [denoise, {equalize: }]}}"
    settings = parse(text, source="test.yaml", base=tmp_path)
    assert [step.name for step in settings.profile("p").preprocess] == ["denoise", "equalize"]


def test_a_profile_can_do_without_one_kind_of_output() -> None:
    kept = BUILT_IN["old-photo"].without("foreground")
    assert [output.name for output in kept.outputs] == ["matte", "composition"]
    assert kept.preprocess == BUILT_IN["old-photo"].preprocess


def test_the_settings_survive_the_way_to_another_process() -> None:
    profile = BUILT_IN["old-photo"]
    assert pickle.loads(pickle.dumps(profile)) == profile  # noqa: S301 - our own bytes


def test_every_setting_is_described() -> None:
    def check(kind: type[BaseModel]) -> None:
        for name, field in kind.model_fields.items():
            assert field.description, f"{kind.__name__}.{name} has no description"

    for kind in (Settings, Folder, Engine, Limits, Profile, Matting, Step, Output):
        check(kind)
    for plugin in (*STEPS.values(), *OUTPUTS.values()):
        check(plugin.Options)


# Refiners


def refiner_settings(name: str, more: str = "") -> str:
    return f"""
folders: [{{watch: in, results: out}}]
profiles: {{fine: {{matting: {{refiner: {name}}}}}}}
{more}
"""


@pytest.mark.parametrize("name", ["auto", "none", "closed-form"])
def test_a_known_refiner_is_taken(tmp_path: Path, name: str) -> None:
    settings = parse(refiner_settings(name), source="a.yaml", base=tmp_path)
    assert settings.profile("fine").matting.refiner == name


def test_a_network_of_ones_own_that_refines_is_a_refiner(tmp_path: Path) -> None:
    more = "models: {mine: {trimap: plane, size: [1024, 1024]}, another: {}}"
    settings = parse(refiner_settings("mine", more), source="a.yaml", base=tmp_path)
    assert settings.models["mine"].refines
    with pytest.raises(SettingsError, match="there is no refiner 'another'"):
        parse(refiner_settings("another", more), source="a.yaml", base=tmp_path)


def test_an_unknown_refiner_is_one_fault_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(refiner_settings("close-form"), source="a.yaml", base=tmp_path)
    (fault,) = caught.value.faults
    assert fault.startswith("line 3: profiles.fine.matting.refiner there is no refiner")
    assert fault.endswith("did you mean closed-form?")
