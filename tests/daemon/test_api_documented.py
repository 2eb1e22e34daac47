"""What the documentation says of the function for scripts is so."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from harness import write_photo

from daemon import api
from daemon.api import Result, process

pytestmark = pytest.mark.usefixtures("people_network")

ROOT = Path(__file__).parents[2]


def ran(script: str, directory: Path) -> str:
    """What a stranger's script prints that is run there; it must not complain."""
    (directory / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def test_the_example_in_the_documentation_works(tmp_path: Path) -> None:
    write_photo(tmp_path / "scans" / "a.png")
    _, _, example = (inspect.getdoc(api) or "").partition("\n\n")
    told = ran(textwrap.dedent(example), tmp_path)
    assert told.startswith("scans/a.png {'foreground': ")
    assert len(list((tmp_path / "results").iterdir())) == 3  # foreground, matte, composition


def test_the_script_of_the_documentation_works_and_has_types(tmp_path: Path) -> None:
    """It is checked as a stranger's script is, against the types that the package brings."""
    write_photo(tmp_path / "scans" / "a.png", size=(64, 48))
    (tmp_path / "scans" / "b.jpg").write_text("no photo")
    text = (ROOT / "docs" / "api.md").read_text()
    (script,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    told = ran(script, tmp_path)
    assert "a.alpha.png" in told
    # Equally many, so that they are counted in the order in which they ended.
    assert re.search(r"Counter\(\{('filed': 1, 'failed': 1|'failed': 1, 'filed': 1)\}\)", told)
    assert "(64, 48)" in told
    assert {path.name for path in (tmp_path / "cutouts").iterdir()} == {
        "a.alpha.png",
        "a.foreground.png",
    }
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "script.py"]
    checked = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=250
    )
    assert checked.stdout.startswith("Success"), checked.stdout + checked.stderr


def test_all_that_the_documentation_names_is_in_the_one_module() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    assert set(api.__all__) >= set(re.findall(r"`(\w+(?:Error|Trouble|Engine))`", text)) - {""}
    told = set(
        re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text.partition("## `Result`")[2], re.MULTILINE)
    )
    names = {name for row in told for name in re.findall(r"\w+", row)}
    assert names == {field.name for field in dataclasses.fields(Result)}
    asked = set(inspect.signature(process).parameters)
    told = set(re.findall(r"`(\w+)", text.partition("## `process")[2].partition("A photo that")[0]))
    assert asked <= told
    for package in ("daemon", "matting"):
        assert (ROOT / package / "py.typed").exists()
