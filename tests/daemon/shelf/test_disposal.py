"""An original goes only if it still is what was read, and never over another file."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from daemon.errors import ResultsTrouble, SourceTrouble
from daemon.photo import Photo
from daemon.shelf import staging, taken_source
from daemon.shelf.disposal import Originals, dispose
from daemon.shelf.taken_source import Disposed

MakePhoto = Callable[..., Photo]
DAY = date(2026, 3, 1)
SHA = hashlib.sha256(b"picture").hexdigest()


@pytest.fixture(params=["same disk", "other disk"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    if request.param == "same disk":
        (tmp_path / "archive").mkdir()
        staging.establish(tmp_path / "archive", lambda _: None)
        yield tmp_path / "archive"
        return
    shm = Path("/dev/shm")  # noqa: S108 - the one other file system that nearly every machine has
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system")
    with tempfile.TemporaryDirectory(dir=shm) as folder:
        staging.establish(Path(folder), lambda _: None)
        yield Path(folder)


def disposed(photo: Photo, originals: Originals, archive: Path | None = None) -> Disposed:
    return dispose(photo, originals, archive=archive, day=DAY, sha256=SHA)


def take_away(photo: Photo) -> None:
    """As far as the daemon came before it was killed."""
    source = Path(photo.folder, os.fsdecode(photo.path))
    source.rename(source.with_name(os.fsdecode(taken_source._hidden(photo.id, photo.path))))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_original_is_kept(inbox: Path, put: MakePhoto) -> None:
    assert disposed(put(), "keep") is Disposed.KEPT
    assert files(inbox) == {"IMG_1.jpg": b"picture"}


def test_an_original_is_deleted(inbox: Path, put: MakePhoto) -> None:
    photo = put(b"caf\xe9/IMG_1.jpg")
    assert disposed(photo, "delete") is Disposed.DELETED
    assert files(inbox) == {}
    assert disposed(photo, "delete") is Disposed.MISSING


def test_an_original_is_archived_under_the_day_with_its_date_and_sub_folder(
    inbox: Path, put: MakePhoto, archive: Path
) -> None:
    photo = put(b"album/IMG_1.jpg")
    assert disposed(photo, "archive", archive) is Disposed.ARCHIVED
    assert files(inbox) == {}
    assert files(archive) == {"2026-03-01/album/IMG_1.jpg": b"picture"}
    moved = archive / "2026-03-01/album/IMG_1.jpg"
    assert moved.stat().st_mtime_ns == photo.version.mtime_ns
    assert disposed(photo, "archive", archive) is Disposed.MISSING


def test_nothing_in_the_archive_is_replaced(put: MakePhoto, archive: Path) -> None:
    for number in range(3):
        photo = put(content=b"picture%d" % number)
        sha256 = hashlib.sha256(b"picture%d" % number).hexdigest()
        dispose(photo, "archive", archive=archive, day=DAY, sha256=sha256)
    assert files(archive) == {
        "2026-03-01/IMG_1.jpg": b"picture0",
        "2026-03-01/IMG_1-2.jpg": b"picture1",
        "2026-03-01/IMG_1-3.jpg": b"picture2",
    }


@pytest.mark.parametrize("originals", ["archive", "delete"])
def test_a_file_that_changed_since_it_was_read_is_left_alone(
    inbox: Path, put: MakePhoto, archive: Path, originals: Originals
) -> None:
    photo = put()
    put(content=b"a newer picture")
    assert disposed(photo, originals, archive) is Disposed.CHANGED
    assert files(inbox) == {"IMG_1.jpg": b"a newer picture"}
    assert files(archive) == {}


def test_a_new_device_number_does_not_keep_an_original_from_going(
    inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    remounted = replace(photo, version=replace(photo.version, device=4711))
    assert disposed(remounted, "delete") is Disposed.DELETED
    assert files(inbox) == {}


@pytest.mark.parametrize("originals", ["archive", "delete"])
def test_a_file_that_changes_at_the_very_moment_is_put_back(
    inbox: Path, put: MakePhoto, archive: Path, originals: Originals
) -> None:
    """It was taken away in the belief that it is what was read; a look at it tells otherwise."""
    photo = put()
    put(content=b"a newer picture")
    take_away(photo)
    assert disposed(photo, originals, archive) is Disposed.CHANGED
    assert files(inbox) == {"IMG_1.jpg": b"a newer picture"}


def test_what_is_put_back_does_not_replace_what_came_meanwhile(inbox: Path, put: MakePhoto) -> None:
    photo = put()
    put(content=b"a newer picture")
    take_away(photo)
    put(content=b"the newest picture")
    assert disposed(photo, "delete") is Disposed.CHANGED
    assert files(inbox) == {"IMG_1.jpg": b"the newest picture", "IMG_1-2.jpg": b"a newer picture"}


def test_an_original_taken_away_before_a_crash_comes_back_if_it_is_to_be_kept(
    inbox: Path, put: MakePhoto
) -> None:
    photo = put()
    take_away(photo)
    assert disposed(photo, "keep") is Disposed.KEPT
    assert files(inbox) == {"IMG_1.jpg": b"picture"}


def test_an_archive_that_is_away_is_trouble_and_the_original_stays(
    inbox: Path, put: MakePhoto, tmp_path: Path
) -> None:
    with pytest.raises(ResultsTrouble):
        disposed(put(), "archive", tmp_path / "away")
    assert files(inbox) == {"IMG_1.jpg": b"picture"}


def test_a_file_in_place_of_the_archives_sub_folder_is_gone_round(
    inbox: Path, put: MakePhoto, archive: Path
) -> None:
    (archive / "2026-03-01").write_bytes(b"theirs")
    assert disposed(put(), "archive", archive) is Disposed.ARCHIVED
    assert files(inbox) == {}
    assert files(archive) == {"2026-03-01": b"theirs", "2026-03-01-2/IMG_1.jpg": b"picture"}


def test_a_link_in_the_archive_leads_no_original_elsewhere(
    inbox: Path, put: MakePhoto, archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir()
    (archive / "2026-03-01").symlink_to(tmp_path / "private")
    assert disposed(put(), "archive", archive) is Disposed.ARCHIVED
    assert files(tmp_path / "private") == {}
    assert (archive / "2026-03-01-2/IMG_1.jpg").read_bytes() == b"picture"
    assert files(inbox) == {}


def test_a_link_in_place_of_the_sources_folder_is_not_followed(
    inbox: Path, put: MakePhoto, tmp_path: Path
) -> None:
    """Whoever may write to the inbox could have any file of that name deleted otherwise."""
    photo = put(b"sub/IMG_1.jpg")
    (inbox / "sub").rename(tmp_path / "private")
    (inbox / "sub").symlink_to(tmp_path / "private")
    assert disposed(photo, "delete") is Disposed.MISSING
    assert files(tmp_path / "private") == {"IMG_1.jpg": b"picture"}


def test_an_original_that_is_open_for_writing_stays(
    inbox: Path, put: MakePhoto, archive: Path
) -> None:
    """A scanner that holds its file open may add another page to what looked complete."""
    photo = put()
    with (inbox / "IMG_1.jpg").open("ab") as scanner:
        for originals in ("archive", "delete"):
            with pytest.raises(SourceTrouble, match="open for writing"):
                disposed(photo, originals, archive)
            assert files(inbox) == {"IMG_1.jpg": b"picture"}
        scanner.write(b" and another page")
    assert disposed(photo, "archive", archive) is Disposed.CHANGED
    assert files(inbox) == {"IMG_1.jpg": b"picture and another page"}
    assert files(archive) == {}


def test_an_original_that_somebody_reads_is_disposed_of(inbox: Path, put: MakePhoto) -> None:
    photo = put()
    with (inbox / "IMG_1.jpg").open("rb"):
        assert disposed(photo, "delete") is Disposed.DELETED


def test_nothing_is_archived_below_a_root_that_nobody_made_sure_of(
    inbox: Path, put: MakePhoto, tmp_path: Path
) -> None:
    (tmp_path / "bare mount point").mkdir()
    with pytest.raises(ResultsTrouble):
        disposed(put(), "archive", tmp_path / "bare mount point")
    assert list((tmp_path / "bare mount point").iterdir()) == []
    assert files(inbox) == {"IMG_1.jpg": b"picture"}


def test_a_copy_that_is_not_what_was_read_is_no_archive(
    inbox: Path, put: MakePhoto, archive: Path
) -> None:
    """Same size and date, other content: only a copy to another disk reads it again."""
    photo = put(content=b"PICTURE")
    ended = disposed(photo, "archive", archive)
    if archive.stat().st_dev == inbox.stat().st_dev:
        assert ended is Disposed.ARCHIVED
    else:
        assert ended is Disposed.CHANGED
        assert files(inbox) == {"IMG_1.jpg": b"PICTURE"}
        assert files(archive) == {}


def test_a_folder_that_may_not_be_changed_is_trouble_of_the_source(put: MakePhoto) -> None:
    photo = put(b"sub/IMG_1.jpg", photo_id=1)
    shutil.rmtree(Path(photo.folder) / "sub")
    assert disposed(photo, "delete") is Disposed.MISSING
    unreachable = replace(photo, path=b"x" * 300 + b".jpg")
    with pytest.raises(SourceTrouble, match="File name too long"):
        disposed(unreachable, "delete")


def test_the_longest_names_can_be_archived_twice(put: MakePhoto, archive: Path) -> None:
    name = b"x" * 251 + b".jpg"
    for content in (b"one", b"two"):
        photo = put(name, content)
        sha256 = hashlib.sha256(content).hexdigest()
        ended = dispose(photo, "archive", archive=archive, day=DAY, sha256=sha256)
        assert ended is Disposed.ARCHIVED
    assert sorted(files(archive).values()) == [b"one", b"two"]
