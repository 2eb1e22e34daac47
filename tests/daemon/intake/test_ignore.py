"""Which names are photos."""

from __future__ import annotations

import pytest

from daemon.intake.ignore import Globs, Rule

DEBRIS = [
    b".scan.jpg",
    b"._IMG_1.jpg",
    b"~$album.jpg",
    b"IMG_1.jpg.tmp",
    b"IMG_1.JPG.PART",
    b"IMG_1.jpg.partial",
    b"IMG_1.jpg.filepart",
    b"IMG_1.jpg.crdownload",
    b"Thumbs.db",
    b"thumbs.DB",
    b"desktop.ini",
    b"@eaDir",
    b".stfolder",
    b".stversions",
    b"#recycle",
    b"lost+found",
    b"anna.trimap.png",
    b"ANNA.TRIMAP.PNG",
]


@pytest.mark.parametrize("name", DEBRIS)
def test_unfinished_files_and_what_systems_leave_behind_are_ignored(name: bytes) -> None:
    assert Rule().ignores(name)


FOLDERS = [
    *(b"@Recycle", b"@recycle", b"@Recently-Snapshot", b"$RECYCLE.BIN", b"$Recycle.Bin"),
    *(b"System Volume Information", b"SYSTEM VOLUME INFORMATION", b"RECYCLER", b"DfsrPrivate"),
    *(b"#snapshot", b"#Recycle", b"~snapshot", b".snapshot", b".recycle", b".zfs", b"trashbox"),
    *(b"Network Trash Folder", b"Temporary Items", b".Trash-1000", b".Trashes", b".AppleDouble"),
    *(b"emma.jpg.sb-1a2b3c4d-XyZ123", b"emma.jpg.download", b"__MACOSX", b".@__thumb", b"@eaDir"),
    *(b"Lightroom Previews.lrdata", b"CaptureOne", b"captureone", b"Wedding.cocatalog"),
    *(b"Photos Library.photoslibrary", b"2019.lrlibrary"),
]


@pytest.mark.parametrize("name", FOLDERS)
def test_trash_snapshots_and_what_programs_keep_for_themselves_are_ignored(name: bytes) -> None:
    """Photos in there were filed, and then archived or deleted, too."""
    assert Rule().ignores_folder(name)
    assert Rule.of(ignore=["*_draft"]).ignores_folder(name)


@pytest.mark.parametrize(
    "name",
    [b"Snapshots", b"downloads", b"recycled glass", b"CaptureOne 2024", b"tmp", b"sb-1", b"Trash"],
)
def test_a_persons_own_folders_are_not_taken_for_those(name: bytes) -> None:
    assert not Rule().ignores_folder(name)


@pytest.mark.parametrize("name", [b"emma.sb-1-2.jpg", b"recycled.jpg", b"#snapshot.png", b"~s.tif"])
def test_a_photo_may_be_called_like_such_a_folder(name: bytes) -> None:
    assert not Rule().ignores(name)


@pytest.mark.parametrize(
    "name",
    [
        b"IMG_1.jpg",
        b"IMG_1.JPG",
        b"a.b.tiff",
        b"caf\xe9.png",
        b"two\nlines.webp",
        "全家福.bmp".encode(),
        b" .jpeg",
        b"raw.CR2",
        b"phone.heic",
    ],
)
def test_every_kind_of_picture_is_taken_whatever_its_name_is_made_of(name: bytes) -> None:
    rule = Rule()
    assert rule.takes(name)
    assert not rule.ignores(name)


@pytest.mark.parametrize(
    "extension",
    [
        "jpg",
        "jpeg",
        "jpe",
        "jfif",
        "jif",
        "pjpeg",
        "pjp",
        "mpo",
        "png",
        "tif",
        "tiff",
        "bmp",
        "dib",
        "webp",
        "heic",
        "heif",
        "avif",
        "psd",
        "psb",
        "jp2",
        "dng",
        "cr2",
        "cr3",
        "nef",
        "arw",
        "orf",
        "raf",
        "rw2",
    ],
)
def test_every_usual_extension_of_what_is_decoded_is_taken_in_any_case(extension: str) -> None:
    """A JPEG called .jfif, as Windows saves it, was left lying."""
    for spelt in (extension, extension.upper(), extension.capitalize()):
        assert Rule().takes(f"emma.{spelt}".encode())


@pytest.mark.parametrize("name", [b"notes.txt", b"jpg", b"IMG_1.jpg.txt", b"sidecar.xmp", b"a.pdf"])
def test_other_files_are_not_taken(name: bytes) -> None:
    assert not Rule().takes(name)


def test_globs_of_the_user_come_on_top_of_the_usual_ones() -> None:
    rule = Rule.of(ignore=["*_Draft.*", "proof-[0-9]?.tif"])
    assert rule.ignores(b"bride_draft.JPG")
    assert rule.ignores(b"PROOF-12.tif")
    assert rule.ignores(b".hidden.jpg")
    assert not rule.ignores(b"proof-x.tif")


def test_the_user_may_say_what_is_a_photo() -> None:
    rule = Rule.of(take=["scan_*.dat"])
    assert rule.takes(b"scan_7.dat")
    assert not rule.takes(b"scan_7.jpg")


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        ("*.tmp", b".tmp", True),
        ("a*", b"a", True),
        ("a*b", b"axxb", True),
        ("a*b", b"axxbc", False),
        ("*mid*", b"amidst", True),
        ("?.jpg", b"1.jpg", True),
        ("?.jpg", b"12.jpg", False),
        ("[!a].jpg", b"b.jpg", True),
        ("*", b"anything\nat all", True),
        ("\xc4*.jpg", "\xe4pfel.JPG".encode(), True),
        ("exact", b"exactly", False),
    ],
)
def test_a_glob_matches_the_whole_name_without_regard_to_case(
    glob: str, name: bytes, *, matches: bool
) -> None:
    assert Globs([glob]).match(name) is matches


def test_no_globs_match_nothing() -> None:
    assert not Globs([]).match(b"anything")
