"""Settings: every fault at once, each with its place and, where one is near, what was meant."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from settings_faults import SHORTEST, faults

from daemon.config.documentation import documentation
from daemon.config.load import parse
from daemon.config.profiles import BUILT_IN, Matting, Output, Profile, Step
from daemon.config.settings import EngineSettings, Folder, ResourceLimits, Settings
from daemon.outputs import OUTPUTS
from daemon.steps import STEPS

PLUGINS: tuple[Any, ...] = (*STEPS.values(), *OUTPUTS.values())


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("folders: [{watch: ~nosuchuser/in, results: b}]", "~nosuchuser is nobody's home here"),
        ("folders: [{watch: circle/in, results: b}]", "lead in a circle"),
        ('folders: [{watch: "a\\0b", results: b}]', "zero byte"),
        ('folders: [{watch: "a\\ud800b", results: b}]', "characters in it that no file name has"),
        (f"folders: [{{watch: {'x' * 300}, results: b}}]", "File name too long"),
        (SHORTEST + "\nstate_dir: ~nosuchuser", "~nosuchuser is nobody's home here"),
        (SHORTEST + "\nengine: {python: ~nosuchuser/python}", "nobody's home"),
        (SHORTEST + '\nengine: {python: "a/\\0"}', "zero byte"),
        (SHORTEST + "\nengine: {model: ~nosuchuser/x.onnx}", "nobody's home"),
        ('folders: [{watch: a, results: b, marker: "\\0"}]', "zero byte"),
        ("folders: [{watch: a, results: b, marker: ../x}]", "a file in the folder"),
        ("x: &a [*a]", "*a stands within what it stands for"),
        ("x: &a {y: *a}", "*a stands within what it stands for"),
        ("x: &a {<<: *a}", "*a stands within what it stands for"),
        (SHORTEST + "\nworkers: 0", "greater than or equal to 1"),
        (SHORTEST + "\nworkers: -1", "greater than or equal to 1"),
        (SHORTEST + "\nworkers: 1000000", "less than or equal to 1024"),
        (SHORTEST + "\nlimits: {photo_memory_mb: 0}", "greater than or equal to 256"),
        (SHORTEST + "\nlimits: {photo_memory_mb: 99999999999}", "less than or equal to"),
        (SHORTEST + "\nlimits: {photo_timeout_s: 1.0e+300}", "less than or equal to"),
        (SHORTEST + "\nlimits: {max_megapixels: 1.0e+300}", "less than or equal to"),
        (SHORTEST + f"\nlimits: {{attempts: 0x{'f' * 4000}}}", "limits.attempts"),
        (SHORTEST + f"\nlimits: {{attempts: 1{':59' * 1300}}}", "limits.attempts"),
        (SHORTEST + f"\nlimits: {{attempts: {'1' * 4500}}}", "is no setting"),
        (SHORTEST + "\nmodels: {mine: {size: [999999, 9]}}", "no side can be longer"),
        (SHORTEST + "\nx: 2001-99-99", "not valid YAML"),
        (
            SHORTEST + '\nprofiles: {p: {outputs: [{composition: {background: "/\\0"}}]}}',
            "no picture",
        ),
    ],
)
def test_settings_that_no_daemon_could_live_with_are_refused_in_one_line(
    tmp_path: Path, text: str, told: str
) -> None:
    """Each of these once ended the daemon, at its start or at a reload."""
    (tmp_path / "circle").symlink_to("circle")
    found = faults(text, tmp_path)
    assert any(told in fault for fault in found), found
    assert all("\n" not in fault and len(fault) < 700 for fault in found)


def test_editors_are_told_every_bound() -> None:
    """A number without one in the schema is a number with which the daemon was never tried."""
    unbounded = []
    for kind in (
        Settings,
        Folder,
        EngineSettings,
        ResourceLimits,
        Matting,
        *(p.Options for p in PLUGINS),
    ):
        for name, facts in kind.model_json_schema()["properties"].items():
            for each in facts.get("anyOf", [facts]):
                if each.get("type") in ("number", "integer"):
                    lower = {"minimum", "exclusiveMinimum"} & each.keys()
                    upper = {"maximum", "exclusiveMaximum"} & each.keys()
                    if not (lower and upper) and "enum" not in each:
                        unbounded.append(f"{kind.__module__}.{name}")
    assert unbounded == []


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
        for name in kind.model_fields:
            assert documentation(kind).get(name), f"{kind.__name__}.{name} has no description"

    for kind in (Settings, Folder, EngineSettings, ResourceLimits, Profile, Matting, Step, Output):
        check(kind)
    for plugin in PLUGINS:
        check(plugin.Options)


def test_a_bare_on_is_the_name_that_it_looks_like(tmp_path: Path) -> None:
    """YAML 1.1 reads it as true, which no setting is called."""
    text = f"{SHORTEST}\non:\n  filed: [touch, it]\n"
    settings = parse(text, source="test.yaml", base=tmp_path)
    assert settings.on.commands == {"filed": ("touch", "it")}
    assert faults(f"{SHORTEST}\non: {{filde: [x]}}\n", tmp_path)[0].startswith("line 2: on")
