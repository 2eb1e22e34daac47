"""Whatever stands in a settings file, it is settings or a report, and soon."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from settings_faults import SHORTEST, faults

from daemon.config.load import load, parse
from daemon.config.profiles import Profile
from daemon.config.settings import EngineSettings, Folder, ResourceLimits, Settings
from daemon.errors import SettingsError


def bombs() -> dict[str, str]:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    merged = "".join(
        f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
    )
    many = ", ".join(["*f"] * 1500)
    return {
        "nine times nine times nine": f"a0: &a0 [x, x]\n{levels}",
        "merged likewise": f"m0: &m0 {{k: v}}\n{merged}",
        "folders by the thousand": f"x: &f {{watch: a, results: b}}\nfolders: [{many}]",
        "too deep": "x: " + "[" * 10_000 + "]" * 10_000,
        "too deep in blocks": "\n".join(" " * n + "- a:" for n in range(0, 600, 2)),
        "never closed": "[" * 200_000,
        "unknown keys": "\n".join(f"key{n}: 1" for n in range(3500)),
        "the same key": "a: 1\n" * 3500,
        "a long value": "x: " + "y" * 200_000,
        "a long key": "y" * 4000 + ": 1",
        "many anchors": "\n".join(f"- &a{n} x" for n in range(3500)),
    }


@pytest.mark.parametrize("kind", bombs())
def test_a_file_that_means_more_than_it_says_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    began_s = time.process_time()
    found = faults(bombs()[kind], tmp_path)
    assert time.process_time() - began_s < 3, "seconds, on the slowest of machines"
    assert 0 < len(found) <= 110
    assert all("\n" not in fault and len(fault) < 700 for fault in found)


def test_a_part_that_is_named_and_repeated_is_fine(tmp_path: Path) -> None:
    text = """\
folders:
  - &one {watch: a, results: r, settle_s: 7}
  - {<<: *one, watch: b}
"""
    settings = parse(text, source="test.yaml", base=tmp_path)
    assert [folder.settle_s for folder in settings.folders] == [7, 7]


def test_only_a_small_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "large.yaml").write_text("# no setting\n" * 50_000)
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    for name, told in (
        ("fifo.yaml", "is not a regular file"),
        (".", "Is a directory"),
        ("large.yaml", "is larger than 256 KiB"),
        ("circle.yaml", "Too many levels of symbolic links"),
    ):
        with pytest.raises(SettingsError, match=told):
            load(tmp_path / name)


KEYS = st.sampled_from(
    [
        key
        for kind in (Settings, Folder, EngineSettings, ResourceLimits, Profile)
        for key in kind.model_fields
    ]
    + ["<<", "mine", "old-photo", "", "denoise", "matte", "foreground", "composition"]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.binary(max_size=9),
    st.text(max_size=9), st.sampled_from(["auto", "~", "~x", "/", "\0", "a", "inbox", "archive"]),
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, SCALARS), inner, max_size=5)
    ),
    max_leaves=25,
)
SOUP = st.lists(
    st.one_of(
        KEYS,
        st.text(max_size=5),
        st.sampled_from([*"[]{}:,-?!&*#|>%@`'\"\n \t", "&a ", "*a"]),
    ),
    max_size=30,
).map("".join)


@given(data=TREES, folders=TREES)
@example(data={"folders": [{None: 1}]}, folders=[])
@hypothesis.settings(max_examples=100, deadline=None)
def test_whatever_stands_in_a_file_it_is_settings_or_a_report(data: Any, folders: Any) -> None:
    whole = {**data, "folders": folders} if isinstance(data, dict) else data
    parses_or_reports(yaml.safe_dump(whole, allow_unicode=True))


@given(SOUP)
@hypothesis.settings(max_examples=100, deadline=None)
def test_whatever_yaml_it_is_it_is_settings_or_a_report(text: str) -> None:
    parses_or_reports(text)
    parses_or_reports(f"{SHORTEST}\n{text}")


def parses_or_reports(text: str) -> None:
    told: tuple[str, ...] = ("fine",)
    try:
        parse(text, source="fuzz.yaml", base=Path("/nonexistent"))
    except SettingsError as error:
        told = error.faults
    assert told
    assert all("\n" not in fault and len(fault) < 700 for fault in told)


def test_an_unreadable_file_is_a_settings_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"folders: \xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(tmp_path / "latin.yaml")
