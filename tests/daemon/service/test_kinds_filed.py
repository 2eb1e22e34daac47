"""A real daemon files every kind of output, of photos that some kinds can hardly hold."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Daemon, write_photo
from PIL import Image

from daemon.outputs import OUTPUTS

Places = Callable[[str], Any]
POLICIES = ("safe", "none", "all")
FLAT = "{stem}_{output}{ext}"
PROFILES: dict[str, dict[str, Any]] = {
    "every kind": {"outputs": [*OUTPUTS], "file_as": FLAT},
    "document": {"outputs": ["photoshop"], "file_as": FLAT},
    "sidecar": {"outputs": [{"sidecar": {"format": "xmp"}}, "matte"], "file_as": FLAT},
    "counted": {"outputs": ["matte"], "file_as": "{profile}/{count:03d}_{stem}_{sha:.6}{ext}"},
    "webp": {"outputs": ["matte", {"foreground": {"format": "webp"}}]},
}
TELLING = [
    "photoshop",
    "channel",
    {"foreground": {"format": "webp"}},
    {"composition": {"format": "jpeg"}},
    {"composition": {"format": "avif", "name": "web"}},
    "matte",
]
PROFILES |= {policy: {"outputs": TELLING, "metadata": policy} for policy in POLICIES}


class Place:
    """One of the folders of the daemon that all tests share, with a profile of its own."""

    def __init__(self, one: Daemon, name: str) -> None:
        self.daemon = one
        self.inbox, self.results = one.root / name / "inbox", one.root / name / "results"

    def await_(self, event: str, count: int = 1) -> dict[str, Any]:
        return self.daemon.await_(event, count=count, folder=str(self.inbox))

    def files(self) -> list[str]:
        found = (path.relative_to(self.results) for path in self.results.rglob("*"))
        kept = (one for one in found if one.parts[0] not in {"failed", ".matted-staging"})
        return sorted(str(one) for one in kept if (self.results / one).is_file())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with a folder for each profile: to start one takes longer than to file photos."""
    root = tmp_path_factory.mktemp("kinds")
    folders = []
    for name in PROFILES:
        (root / name / "inbox").mkdir(parents=True)
        places = {"watch": f"{name}/inbox", "results": f"{name}/results", "profile": name}
        folders.append({**places, "settle_s": 0.3, "scan_s": 0.5})
    (root / "document" / "results").mkdir()
    (root / "document" / "results" / "a_photoshop.psb").write_text("a stranger's")
    plain = {name: {"preprocess": [], **profile} for name, profile in PROFILES.items()}
    one = Daemon(root, {}, {"folders": folders, "profiles": plain}, {})
    one.start()
    yield one
    one.kill()


@pytest.fixture
def place(shared: Daemon) -> Callable[[str], Place]:
    return lambda name: Place(shared, name)


def test_the_smallest_and_the_longest_photo_come_out_whole(place: Places) -> None:
    one = place("every kind")
    write_photo(one.inbox / "small.png", size=(1, 1))
    write_photo(one.inbox / "long.png", size=(30_001, 40))
    names = [name for count in (1, 2) for name in one.await_("photo.filed", count)["names"]]
    assert one.files() == sorted(names)
    assert {"small_photoshop.psd", "long_photoshop.psb"} <= set(names)
    assert len(names) == 2 * len(OUTPUTS)


def test_a_document_too_large_for_a_psd_never_takes_another_s_name(place: Places) -> None:
    one = place("document")
    write_photo(one.inbox / "a.png", size=(30_001, 40))
    assert one.await_("photo.filed")["names"] == ["a-2_photoshop.psb"]
    write_photo(one.inbox / "a.jpg", size=(30_001, 40))
    assert one.await_("photo.filed", 2)["names"] == ["a-3_photoshop.psb"]
    assert (one.results / "a_photoshop.psb").read_text() == "a stranger's"


def tagged(path: Path, *, gps: bool = True) -> None:
    """A photo that lies on its side, with a camera, a thumbnail's worth of words, and a place."""
    exif = Image.Exif()
    exif[271], exif[274], exif[315], exif[33432] = "Camera", 6, "Ann", "(c) Ann"
    exif[305] = "Somebody's program"
    exif.get_ifd(34665).update({36867: "2020:01:02 03:04:05", 37500: b"a maker's note"})
    if gps:
        exif.get_ifd(34853).update({1: "N", 2: (48.0, 51.0, 30.0)})
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        b' exif:GPSLatitude="48,51.5N" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    Image.new("RGB", (64, 48), (200, 60, 40)).save(path, exif=exif, xmp=xmp, dpi=(240, 240))


@pytest.mark.parametrize("policy", POLICIES)
def test_exiftool_finds_in_every_result_what_its_policy_says(place: Places, policy: str) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("NOT TESTED: exiftool is not installed, so nobody else read the metadata")
    one = place(policy)
    tagged(one.inbox / "a.jpg")
    names = one.await_("photo.filed")["names"]
    command = ["exiftool", "-json", "-n", *(str(one.results / name) for name in names)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for found in json.loads(out):
        where = found["SourceFile"]
        assert "Warning" not in found, where
        assert (found["ImageWidth"], found["ImageHeight"]) == (48, 64), where
        assert found.get("Orientation", 1) == 1, where
        assert not {"ThumbnailImage", "MakerNoteUnknownText"} & found.keys(), where
        assert ("GPSLatitude" in found) == (policy == "all"), where
        if policy == "none":
            assert not {"Artist", "Software", "Rating"} & found.keys(), where
            continue
        assert (found["Artist"], found["Copyright"], found["Make"]) == ("Ann", "(c) Ann", "Camera")
        assert found["DateTimeOriginal"] == "2020:01:02 03:04:05", where
        assert found["Software"].startswith("matted "), where
        assert found["Software"].endswith(", engine stub_engine"), where
        assert found["Rating"] == 4, where


def test_a_sidecar_alone_is_named_like_its_photo(place: Places) -> None:
    one = place("sidecar")
    photo = write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    text = (one.results / "a_sidecar.xmp").read_text()
    assert hashlib.sha256(photo.read_bytes()).hexdigest() in text
    assert 'matted:Photo="a.png"' in text
    assert "matted:Framework" in text


def test_photos_are_counted_in_their_folder_over_restarts_whatever_they_are_called(
    place: Places,
) -> None:
    one = place("counted")
    digests = []
    for number, name in enumerate(["b.png", "a.png"], 1):
        photo = write_photo(one.inbox / name, red=30 * number)
        digests.append(hashlib.sha256(photo.read_bytes()).hexdigest()[:6])
        one.await_("photo.filed", number)
    one.daemon.stop()
    one.daemon.start()
    photo = write_photo(one.inbox / "sub" / "c.png", red=99)
    digests.append(hashlib.sha256(photo.read_bytes()).hexdigest()[:6])
    one.await_("photo.filed", 3)
    assert one.files() == [
        f"counted/00{number}_{stem}_{digest}.png"
        for number, (stem, digest) in enumerate(zip("bac", digests, strict=True), 1)
    ]


def test_a_photo_that_a_format_cannot_hold_goes_alone_and_says_why(place: Places) -> None:
    one = place("webp")
    write_photo(one.inbox / "long.png", size=(30_001, 40))
    write_photo(one.inbox / "other.png")
    reason = one.await_("photo.quarantined")["reason"]
    assert "30,001 x 40: WEBP holds 16,383 pixels a side at most; let the output have a" in reason
    one.await_("photo.filed")
    assert len(one.files()) == 2
    assert (one.inbox / "long.png").exists()
