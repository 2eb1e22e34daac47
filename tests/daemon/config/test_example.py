"""What `matted init` writes, and the files under config/, are the code's own words."""

from __future__ import annotations

from pathlib import Path

import yaml

from daemon.config.example import commented_yaml, json_schema
from daemon.config.load import parse
from daemon.config.profiles import BUILT_IN

CONFIG = Path(__file__).parents[3] / "config"


def test_the_example_is_a_valid_settings_file_that_changes_no_default(tmp_path: Path) -> None:
    settings = parse(commented_yaml(), source="example", base=tmp_path)
    shortest = "folders: [{watch: inbox, results: results}]"
    plain = parse(shortest, source="shortest", base=tmp_path)
    assert settings.model_copy(update={"profiles": {}}) == plain
    assert settings.profiles == dict(BUILT_IN)


def test_every_default_in_a_comment_is_valid_when_uncommented(tmp_path: Path) -> None:
    text = commented_yaml().partition("# All steps")[0]
    lines = [
        line.replace("# ", "", 1) if _is_commented_setting(line) else line
        for line in text.splitlines()
    ]
    settings = parse("\n".join(lines), source="uncommented", base=tmp_path)
    assert settings.limits.attempts == 3


def _is_commented_setting(line: str) -> bool:
    key, colon, _ = line.lstrip().removeprefix("# ").strip().removeprefix("- ").partition(":")
    return line.lstrip().startswith("# ") and bool(colon) and key.replace("_", "").isalpha()


def test_config_holds_what_the_code_says() -> None:
    """`make generated` writes both; an editor that reads the schema must not be misled."""
    assert (CONFIG / "matted.example.yaml").read_text() == commented_yaml()
    assert (CONFIG / "matted.schema.json").read_text() == json_schema()


def test_the_configuration_of_make_run_is_valid() -> None:
    path = CONFIG / "run.yaml"
    settings = parse(path.read_text(), source=str(path), base=CONFIG)
    assert settings.folders[0].watch == CONFIG.parent / "inbox"
    assert yaml.safe_load(path.read_text())["folders"][0]["profile"] == "old-photo"


def test_the_settings_that_the_readme_shows_are_valid(tmp_path: Path) -> None:
    readme = (CONFIG.parent / "README.md").read_text()
    shown = readme.partition("```yaml\n")[2].partition("```")[0]
    settings = parse(shown, source="README.md", base=tmp_path)
    assert [output.options.name for output in settings.profile("restoration").outputs] == [
        "foreground",
        "alpha",
        "composition",
    ]
