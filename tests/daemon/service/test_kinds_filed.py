"""A real daemon files every kind of output, of photos that some kinds can hardly hold."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from harness import Daemon, write_photo
from PIL import Image

from daemon.outputs import OUTPUTS

Make = Callable[..., Daemon]


def settings(outputs: Sequence[object], **profile: object) -> dict[str, object]:
    return {"profiles": {"plain": {"preprocess": [], "outputs": outputs, **profile}}}


@pytest.mark.parametrize("size", [(1, 1), (30_001, 40)])
def test_the_smallest_and_the_longest_photo_come_out_whole(
    daemon: Make, size: tuple[int, int]
) -> None:
    one = daemon(**settings([*OUTPUTS], file_as="{stem}_{output}{ext}"))
    one.start()
    write_photo(one.inbox / "a.png", size=size)
    filed = one.await_("photo.filed")
    assert one.mattes() == sorted(filed["names"])
    large = "a_photoshop.psb" if size[0] > 30_000 else "a_photoshop.psd"
    assert large in filed["names"]
    assert len(one.mattes()) == len(OUTPUTS)


def test_a_document_too_large_for_a_psd_never_takes_another_s_name(daemon: Make) -> None:
    one = daemon(**settings(["photoshop"], file_as="{stem}_{output}{ext}"))
    one.results.mkdir()
    (one.results / "a_photoshop.psb").write_text("a stranger's")
    one.start()
    write_photo(one.inbox / "a.png", size=(30_001, 40))
    assert one.await_("photo.filed")["names"] == ["a-2_photoshop.psb"]
    write_photo(one.inbox / "a.jpg", size=(30_001, 40))
    assert one.await_("photo.filed", count=2)["names"] == ["a-3_photoshop.psb"]
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


@pytest.mark.parametrize("policy", ["safe", "none"])
def test_exiftool_finds_in_every_result_what_its_policy_says(daemon: Make, policy: str) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("NOT TESTED: exiftool is not installed, so nobody else read the metadata")
    outputs = [
        "photoshop",
        "channel",
        {"foreground": {"format": "webp"}},
        {"composition": {"format": "jpeg"}},
        {"composition": {"format": "avif", "name": "web"}},
        "matte",
    ]
    one = daemon(**settings(outputs, metadata=policy))
    one.start()
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


def test_a_sidecar_alone_is_named_like_its_photo(daemon: Make) -> None:
    one = daemon(
        **settings([{"sidecar": {"format": "xmp"}}, "matte"], file_as="{stem}_{output}{ext}")
    )
    one.start()
    photo = write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    text = (one.results / "a_sidecar.xmp").read_text()
    assert hashlib.sha256(photo.read_bytes()).hexdigest() in text
    assert 'matted:Photo="a.png"' in text
    assert "matted:Framework" in text


def test_photos_are_counted_in_their_folder_over_restarts_whatever_they_are_called(
    daemon: Make,
) -> None:
    template = "{profile}/{count:03d}_{stem}_{sha:.6}{ext}"
    one = daemon(**settings(["matte"], file_as=template))
    one.start()
    digests = []
    for number, name in enumerate(["b.png", "a.png"], 1):
        photo = write_photo(one.inbox / name, red=30 * number)
        digests.append(hashlib.sha256(photo.read_bytes()).hexdigest()[:6])
        one.await_("photo.filed", count=number)
    one.stop()
    one.start()
    photo = write_photo(one.inbox / "sub" / "c.png", red=99)
    digests.append(hashlib.sha256(photo.read_bytes()).hexdigest()[:6])
    one.await_("photo.filed", count=3)
    assert one.mattes() == [
        f"plain/00{number}_{stem}_{digest}.png"
        for number, (stem, digest) in enumerate(zip("bac", digests, strict=True), 1)
    ]


def test_a_photo_that_a_format_cannot_hold_goes_alone_and_says_why(daemon: Make) -> None:
    one = daemon(**settings(["matte", {"foreground": {"format": "webp"}}]))
    one.start()
    write_photo(one.inbox / "long.png", size=(30_001, 40))
    write_photo(one.inbox / "other.png")
    reason = one.await_("photo.quarantined")["reason"]
    assert "30,001 x 40: WEBP holds 16,383 pixels a side at most; let the output have a" in reason
    one.await_("photo.filed")
    assert len(one.mattes()) == 2
    assert (one.inbox / "long.png").exists()
