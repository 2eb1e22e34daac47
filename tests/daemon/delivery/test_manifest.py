"""A line for each photo, once, whatever a crash or a neighbour did to the file."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.delivery.manifest import record
from daemon.errors import ResultsTrouble
from daemon.ledger.notices import Notices


@pytest.fixture
def notices(happening):
    with Notices(happening.ledger.path, "manifest") as reader:
        yield reader


def manifest(happening) -> Path:
    return happening.results / "2026-11-26" / "manifest.jsonl"


def test_a_photo_has_one_line_however_often_it_is_told(happening, notices) -> None:
    happening.file(sha256="ab")
    happening.file(sha256="cd")
    for _ in range(3):
        for notice in notices.next():
            record(notice)
    found = [json.loads(line) for line in manifest(happening).read_text().splitlines()]
    assert [(one["photo"], one["sha256"]) for one in found] == [(1, "ab"), (2, "cd")]
    assert "results_folder" not in found[0]


def test_a_line_that_a_crash_cut_short_is_ended_and_written_anew(happening, notices) -> None:
    happening.file()
    (notice,) = notices.next()
    record(notice)
    whole = manifest(happening).read_bytes()
    manifest(happening).write_bytes(whole[: len(whole) // 2])
    record(notice)
    cut, last = manifest(happening).read_bytes().splitlines()
    assert cut == whole[: len(whole) // 2]
    assert last == whole.rstrip(b"\n")


def test_two_ledgers_with_the_same_numbers_have_lines_of_their_own(happening, notices) -> None:
    happening.file()
    (notice,) = notices.next()
    record(notice)
    record(replace(notice, ledger="another"))
    assert len(manifest(happening).read_text().splitlines()) == 2


@pytest.mark.parametrize("kind", ["link", "hard link", "fifo", "folder", "day is a link"])
def test_what_a_neighbour_puts_in_its_place_is_gone_round(
    happening, notices, tmp_path: Path, kind: str
) -> None:
    """And neither followed nor waited for; what was told there is not told again elsewhere."""
    happening.file()
    (notice,) = notices.next()
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "manifest.jsonl").write_text("precious")
    if kind == "day is a link":
        manifest(happening).parent.symlink_to(precious)
    else:
        manifest(happening).parent.mkdir()
        if kind == "link":
            manifest(happening).symlink_to(precious / "manifest.jsonl")
        elif kind == "hard link":
            manifest(happening).hardlink_to(precious / "manifest.jsonl")
        elif kind == "fifo":
            os.mkfifo(manifest(happening))
        else:
            manifest(happening).mkdir()
    for _ in range(2):
        record(notice)
    other = "2026-11-26-2/manifest.jsonl" if "day" in kind else "2026-11-26/manifest-2.jsonl"
    assert len((happening.results / other).read_text().splitlines()) == 1
    assert (precious / "manifest.jsonl").read_text() == "precious"


def test_a_manifest_that_can_be_nowhere_is_told_and_tried_again(happening, notices) -> None:
    happening.file()
    (notice,) = notices.next()
    (happening.results / ".matted-staging").rmdir()
    with pytest.raises(ResultsTrouble, match="the manifest cannot be written"):
        record(notice)
