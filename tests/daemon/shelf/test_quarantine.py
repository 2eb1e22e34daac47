"""One report for each photo that is given up."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.errors import ResultsTrouble, SourceTrouble
from daemon.machine.instance import place
from daemon.photo import Photo, Version
from daemon.shelf.quarantine import find, given_up, quarantine, release

MakePhoto = Callable[..., Photo]
REPORT = {"reason": "no decoder knows it", "attempts": 1}


def entries(results: Path) -> list[str]:
    failed = results / "failed"
    return sorted(path.name for path in failed.iterdir()) if failed.exists() else []


def test_the_report_says_what_people_need(results: Path, inbox: Path, put: MakePhoto) -> None:
    photo = put(b"album/caf\xe9.jpg")
    name = quarantine(results, photo, REPORT, move_original=False)
    assert name == b"failed/caf\xe9-12.json"
    report = json.loads((results / os.fsdecode(name)).read_bytes())
    assert report["reason"] == "no decoder knows it"
    assert report["path"] == r"album/caf\xe9.jpg"
    assert bytes.fromhex(report["path_hex"]) == photo.path
    assert report["original"] is None
    assert os.path.exists(os.path.join(os.fsencode(inbox), photo.path))


def test_a_photo_is_reported_once_however_often_it_is_repeated(
    results: Path, put: MakePhoto
) -> None:
    photo = put()
    first = quarantine(results, photo, REPORT, move_original=False)
    assert quarantine(results, photo, {"reason": "other"}, move_original=False) == first
    assert entries(results) == ["IMG_1-12.json"]


def test_the_original_is_moved_beside_the_report_if_the_policy_allows(
    results: Path, inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    for _ in range(2):
        quarantine(results, photo, REPORT, move_original=True)
    assert entries(results) == ["IMG_1-12.jpg", "IMG_1-12.json"]
    assert list(inbox.iterdir()) == []
    assert json.loads((results / "failed/IMG_1-12.json").read_bytes())["original"] == (
        "failed/IMG_1-12.jpg"
    )


def test_an_original_that_changed_meanwhile_stays(
    results: Path, inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    put(content=b"a newer picture")
    quarantine(results, photo, REPORT, move_original=True)
    assert entries(results) == ["IMG_1-12.json"]
    assert (inbox / "IMG_1.jpg").read_bytes() == b"a newer picture"
    assert json.loads((results / "failed/IMG_1-12.json").read_bytes())["original"] is None


def test_a_report_does_not_name_a_place_where_a_busy_original_is_not(
    results: Path, inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    with (inbox / "IMG_1.jpg").open("ab"), pytest.raises(SourceTrouble):
        quarantine(results, photo, REPORT, move_original=True)
    report = json.loads((results / "failed/IMG_1-12.json").read_bytes())
    assert report["original"] is None
    assert report["reason"] == "no decoder knows it"
    assert entries(results) == ["IMG_1-12.json"]


def test_reports_of_another_ledger_are_not_replaced(results: Path, put: MakePhoto) -> None:
    (results / "failed").mkdir()
    (results / "failed/IMG_1-12.json").write_bytes(b"not even JSON")
    (results / "failed/IMG_1-12-2.json").write_bytes(b"[]")
    name = quarantine(results, put(), REPORT, move_original=False)
    assert name == b"failed/IMG_1-12-3.json"
    assert (results / "failed/IMG_1-12.json").read_bytes() == b"not even JSON"


HOSTILE: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a dangling link": lambda path: path.symlink_to("/nowhere"),
    "a folder": Path.mkdir,
    "brackets": lambda path: path.write_bytes(b"[" * 200_000),
    "brackets between strings": lambda path: path.write_bytes(b'["\\"",' * 20_000),
    "a long number": lambda path: path.write_bytes(b'{"photo": ' + b"1" * 200_000 + b"}"),
    "a disk full of zeros": lambda path: path.touch() or os.truncate(path, 1 << 40),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_lies_under_a_reports_name_is_neither_waited_for_nor_followed(
    results: Path, put: MakePhoto, kind: str
) -> None:
    (results / "failed").mkdir()
    HOSTILE[kind](results / "failed/IMG_1-12.json")
    photo = put()
    assert given_up(results, photo) is None
    assert quarantine(results, photo, REPORT, move_original=False) == b"failed/IMG_1-12-2.json"
    assert given_up(results, photo) == "no decoder knows it"
    release(results, photo)
    assert entries(results) == ["IMG_1-12.json"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_folder_for_reports_that_is_of_no_use_is_gone_round(
    results: Path, inbox: Path, put: MakePhoto, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "private").mkdir()
    if kind == "file":
        (results / "failed").write_bytes(b"theirs")
    else:
        (results / "failed").symlink_to(tmp_path / "private")
    photo = put()
    name = quarantine(results, photo, REPORT, move_original=True)
    assert name == b"failed-2/IMG_1-12.json"
    assert given_up(results, photo) == "no decoder knows it"
    assert (results / "failed-2/IMG_1-12.jpg").read_bytes() == b"picture"
    report = json.loads((results / "failed-2/IMG_1-12.json").read_bytes())
    assert report["original"] == "failed-2/IMG_1-12.jpg"
    release(results, photo)
    assert (inbox / "IMG_1.jpg").read_bytes() == b"picture"
    assert not list((tmp_path / "private").iterdir())


def test_a_report_is_not_staged_through_a_link(
    results: Path, put: MakePhoto, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    staged = results / ".matted-staging" / f"12-report-{os.getpid()}-{place()}"
    staged.symlink_to(tmp_path / "precious")
    quarantine(results, put(), REPORT, move_original=False)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert entries(results) == ["IMG_1-12.json"]
    assert not (results / "failed/IMG_1-12.json").is_symlink()


def test_a_reports_name_ends_with_a_whole_character(results: Path, put: MakePhoto) -> None:
    """Disks that take UTF-8 only refuse a half one."""
    name = quarantine(results, put("\u20ac".encode() * 80 + b".jpg"), REPORT, move_original=True)
    assert name.decode().endswith("\u20ac-12.json")
    assert all(entry.encode("utf-8", "strict") for entry in entries(results))


def test_another_version_of_the_file_gets_a_report_of_its_own(
    results: Path, put: MakePhoto
) -> None:
    photo = put()
    quarantine(results, photo, REPORT, move_original=False)
    newer = replace(put(content=b"newer"), id=13)
    assert find(results, newer) is None
    quarantine(results, newer, REPORT, move_original=False)
    assert entries(results) == ["IMG_1-12.json", "IMG_1-13.json"]


def test_a_photo_released_from_quarantine_has_no_report(results: Path, put: MakePhoto) -> None:
    photo = put()
    quarantine(results, photo, REPORT, move_original=False)
    release(results, photo)
    release(results, photo)
    assert entries(results) == []


def test_a_photo_released_from_quarantine_is_where_and_what_it_was(
    results: Path, inbox: Path, put: MakePhoto
) -> None:
    photo = put(b"album/IMG_1.jpg")
    quarantine(results, photo, REPORT, move_original=True)
    release(results, photo)
    assert entries(results) == []
    assert photo.version.matches(Version.of((inbox / "album/IMG_1.jpg").stat()))


def test_nothing_is_released_over_a_file_that_came_meanwhile(
    results: Path, inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    quarantine(results, photo, REPORT, move_original=True)
    put(content=b"newer")
    with pytest.raises(SourceTrouble):
        release(results, photo)
    assert (inbox / "IMG_1.jpg").read_bytes() == b"newer"
    assert entries(results) == ["IMG_1-12.jpg", "IMG_1-12.json"]


def test_another_ledgers_original_is_not_released_in_place_of_ours(
    results: Path, inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    quarantine(results, photo, REPORT, move_original=False)
    (inbox / "IMG_1.jpg").unlink()
    (results / "failed/IMG_1-12.jpg").write_bytes(b"another picture")
    release(results, photo)
    assert entries(results) == ["IMG_1-12.jpg"]
    assert list(inbox.iterdir()) == []


def test_a_quarantine_cut_short_is_finished(results: Path, inbox: Path, put: MakePhoto) -> None:
    photo = put()
    assert given_up(results, photo) is None
    quarantine(results, photo, REPORT, move_original=False)
    reason = given_up(results, photo)
    assert reason == "no decoder knows it"
    quarantine(results, photo, {"reason": reason}, move_original=True)
    assert entries(results) == ["IMG_1-12.jpg", "IMG_1-12.json"]
    assert list(inbox.iterdir()) == []


@pytest.mark.parametrize("path", [b"x" * 251 + b".jpg", b"a." + b"e" * 250, b"{}.jpg"])
def test_every_name_can_be_reported(results: Path, put: MakePhoto, path: bytes) -> None:
    name = quarantine(results, put(path), REPORT, move_original=True)
    assert os.path.exists(os.path.join(os.fsencode(results), name))
    assert len(entries(results)) == 2


def test_a_result_folder_that_is_away_is_trouble(tmp_path: Path, put: MakePhoto) -> None:
    with pytest.raises(ResultsTrouble):
        quarantine(tmp_path / "away", put(), REPORT, move_original=False)
    assert not (tmp_path / "away").exists()


def test_an_original_that_was_busy_follows_later_and_the_report_says_so(
    results: Path, inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    with (inbox / "IMG_1.jpg").open("ab"), pytest.raises(SourceTrouble):
        quarantine(results, photo, REPORT, move_original=True)
    quarantine(results, photo, {}, move_original=True)
    report = json.loads((results / "failed/IMG_1-12.json").read_bytes())
    assert report["original"] == "failed/IMG_1-12.jpg"
    assert report["reason"] == "no decoder knows it"
    assert entries(results) == ["IMG_1-12.jpg", "IMG_1-12.json"]
    assert list(inbox.iterdir()) == []
