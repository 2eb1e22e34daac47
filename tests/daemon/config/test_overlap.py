"""Roots are told apart by what they are, not only by how they are spelled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.config.overlap import overlaps


@pytest.fixture
def second_name(tmp_path: Path) -> Iterator[Path]:
    """One directory under two names, as every one has on a disk that folds case."""
    one, other = tmp_path / "inbox", tmp_path / "Inbox"
    (one / "sub").mkdir(parents=True)
    other.mkdir()
    command = ["mount", "--bind", str(one), str(other)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("NOT TESTED: only root can give a directory a second name")
    yield other
    subprocess.run(["umount", str(other)], check=True)


@pytest.mark.parametrize("results", ["Inbox", "Inbox/sub", "Inbox/new"])
def test_a_root_under_another_spelling_is_the_same_root(
    tmp_path: Path, second_name: Path, results: str
) -> None:
    data = {"state_dir": "state", "folders": [{"watch": "inbox", "results": results}]}
    assert second_name.is_dir()
    assert len(list(overlaps(data, tmp_path))) == 1


def test_results_may_be_shared_under_two_spellings(tmp_path: Path, second_name: Path) -> None:
    folders = [{"watch": "a", "results": "inbox"}, {"watch": "b", "results": second_name.name}]
    assert not list(overlaps({"state_dir": "state", "folders": folders}, tmp_path))


def test_roots_beside_each_other_do_not_overlap(tmp_path: Path) -> None:
    folders = [{"watch": "a", "results": "b"}]
    assert not list(overlaps({"state_dir": "state", "folders": folders}, tmp_path))
