"""What is taken in for a batch, each photo once, and where its results go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.batch.fetch import Bounds
from daemon.batch.sources import Sources
from daemon.errors import SettingsError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "sub/b.png", "notes.txt"):
        (folder / name).write_bytes(b"picture")
    return folder


def sources(tmp_path: Path, out_dir: Path | None = None) -> Sources:
    return Sources(out_dir, tmp_path / "downloads", Bounds())


def taken(one: Sources) -> list[str]:
    return sorted(os.fsdecode(source.sighting.path) for source in one.taken)


def test_a_file_goes_beside_itself_and_a_folder_below_itself(tmp_path: Path, photos: Path) -> None:
    one = sources(tmp_path)
    one.add(str(photos / "a.jpg"))
    assert one.out_dirs() == {str(photos): photos}
    other = sources(tmp_path)
    other.add(str(photos))
    assert taken(other) == ["a.jpg", "sub/b.png"]
    assert other.out_dirs() == {str(photos): photos / "matted"}
    assert other.out_dir("elsewhere") is None


def test_all_goes_where_it_is_said_to_go(tmp_path: Path, photos: Path) -> None:
    one = sources(tmp_path, tmp_path / "out")
    one.add(str(photos))
    one.add(str(photos / "sub" / "b.png"))
    assert set(one.out_dirs().values()) == {tmp_path / "out"}


def test_a_photo_that_is_given_twice_is_one(tmp_path: Path, photos: Path) -> None:
    one = sources(tmp_path)
    link = tmp_path / "link.jpg"
    link.symlink_to(photos / "a.jpg")
    for given in (photos / "a.jpg", photos / "sub" / ".." / "a.jpg", link):
        one.add(str(given))
    assert taken(one) == ["a.jpg"]
    assert not one.ended


def test_results_of_an_earlier_run_are_no_photos(tmp_path: Path, photos: Path) -> None:
    (photos / "matted").mkdir()
    (photos / "matted" / "a_matte.png").write_bytes(b"picture")
    one = sources(tmp_path)
    one.add(str(photos))
    assert taken(one) == ["a.jpg", "sub/b.png"]


def test_results_among_the_photos_are_refused(tmp_path: Path, photos: Path) -> None:
    one = sources(tmp_path, photos)
    with pytest.raises(SettingsError, match="is where photos come from"):
        one.add(str(photos))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "an empty name is no photo"),
        ("ftp://host/a.jpg", "only http and https"),
        ("absent.jpg", "cannot be read: No such file"),
        ("a\0b.jpg", "cannot be read: "),
        ("empty", "there are no photos in it"),
        ("/dev/null", "is not a regular file"),
    ],
)
def test_what_is_no_photo_ends_with_a_reason_and_takes_nobody_along(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, given: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    one = sources(tmp_path)
    one.add(given)
    one.add(str(photos / "a.jpg"))
    (ended,) = one.ended
    assert reason in (ended.error or "")
    assert taken(one) == ["a.jpg"]


def test_a_folder_without_photos_says_how_many_other_files_it_has(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    for name in ("a.txt", "b.doc"):
        (folder / name).write_bytes(b"text")
    one = sources(tmp_path)
    one.add(str(folder))
    assert "files of other kinds: 2" in (one.ended[0].error or "")


def test_photos_that_are_left_out_have_ended_with_their_results(
    tmp_path: Path, photos: Path
) -> None:
    one = sources(tmp_path)
    one.add(str(photos))
    first = one.taken[0]
    one.leave_out([(first.sighting, (photos / "matted" / "a_matte.png",))])
    assert first not in one.taken
    assert one.ended[0].existing == (photos / "matted" / "a_matte.png",)
    assert one.ended[0].source == first.told


def test_passwords_of_addresses_are_not_told(tmp_path: Path) -> None:
    one = sources(tmp_path)
    one.add("ftp://me:secret@host/a.jpg")
    assert "secret" not in one.ended[0].source
