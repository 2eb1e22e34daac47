"""One photo's way, from the watched file to staged results; the engine is a stub, all else real.

The stub's alpha is the red channel of what it gets to see, so a test knows what should come out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image
from staged_jobs import Make, done, portrait, read, staged, write

from daemon.errors import Changed
from daemon.imaging.decode import decode
from daemon.photo import Version
from daemon.work.job import Unchanged
from daemon.work.pipeline import work


def test_all_kinds_of_outputs_of_one_photo_agree(job_for: Make, tmp_path: Path) -> None:
    outputs: list[Any] = [
        "foreground",
        {"matte": {"bits": 16}},
        {"composition": {"background": "white"}},
        {"composition": {"background": "black", "name": "on black"}},
    ]
    job = job_for(write(tmp_path / "a.png", portrait()), {"outputs": outputs})
    outcome = done(job)
    foreground, matte, on_white, on_black = map(read, staged(job, outcome))
    assert (matte.dtype, matte.shape) == (np.uint16, (200, 200))
    red = portrait()[..., 0].astype(float)
    assert np.abs(matte / 257 - red).mean() < 1.5
    alpha = matte[..., None] / 65535
    assert np.abs(foreground[..., 3] - alpha[..., 0] * 255).max() <= 1
    # Blending undone: what white adds over black is exactly what alpha leaves uncovered.
    assert np.abs((on_white.astype(float) - on_black) - 255 * (1 - alpha)).max() <= 2
    assert np.abs(on_black - foreground[..., :3] * alpha).max() <= 1.5


def test_what_is_known_of_a_photo_comes_back_with_it(job_for: Make, tmp_path: Path) -> None:
    outputs = ["foreground", "matte"]
    job = job_for(write(tmp_path / "a.png", portrait()), {"outputs": outputs})
    filed = done(job).filed
    assert (filed.size, filed.engine, filed.device) == ((200, 200), "stub_engine", "cpu")
    assert (filed.people, filed.warnings, filed.names) == (1, (), job.photo.names)
    stages = ["read", "decode", "prepare", "matte", "refine", "foreground", "judge"]
    stages += ["encode", "sync"]
    assert list(filed.took_s) == stages
    assert all(0 <= seconds < 60 for seconds in filed.took_s.values())


def test_no_foreground_is_computed_where_no_output_needs_it(job_for: Make, tmp_path: Path) -> None:
    outcome = done(job_for(write(tmp_path / "a.png", portrait())))
    assert "foreground" not in outcome.filed.took_s


def test_content_that_was_filed_before_is_not_done_again(job_for: Make, tmp_path: Path) -> None:
    source = write(tmp_path / "a.png", portrait())
    first = job_for(source)
    sha256 = done(first).filed.sha256
    (tmp_path / "results").rename(tmp_path / "first results")
    job = job_for(source, known=["0" * 64, sha256])
    assert work(job) == Unchanged(sha256)
    assert os.listdir(job.staging) == []
    assert not Path(os.fsdecode(job.snapshot)).exists()


def test_a_deep_wide_gamut_scan_keeps_depth_profile_and_resolution(
    job_for: Make, tmp_path: Path
) -> None:
    """Read back by tifffile. So pure a red of Display P3 is outside sRGB: converting clips it."""
    profile: bytes = pyvips.Operation.call("profile_load", "p3")
    pixels = portrait().astype(np.uint16) * 257 - 100
    pixels[:50, :50] = (65000, 2000, 1500)
    source = tmp_path / "scan.tif"
    tifffile.imwrite(
        source,
        pixels,
        photometric="rgb",
        iccprofile=profile,
        resolution=(1200, 600),
        resolutionunit="INCH",
    )
    outputs: list[Any] = [{"foreground": {"format": "tiff"}}, {"matte": {"bits": 16}}]
    job = job_for(source, {"outputs": outputs})
    foreground, _ = staged(job, done(job))
    with tifffile.TiffFile(foreground) as file:
        page: Any = file.pages[0]
        cut = page.asarray()
        assert page.tags["InterColorProfile"].value == profile
        assert page.tags["XResolution"].value[0] / page.tags["XResolution"].value[1] == 1200
        assert page.tags["YResolution"].value[0] / page.tags["YResolution"].value[1] == 600
    assert (cut.dtype, cut.shape) == (np.uint16, (200, 200, 4))
    opaque = cut[..., 3] > 65000
    assert opaque[10:40, 10:40].all()
    assert np.abs(cut[10:40, 10:40, :3].astype(int) - (65000, 2000, 1500)).max() < 700


def test_the_foreground_is_the_photos_own_unless_the_profile_says_otherwise(
    job_for: Make, tmp_path: Path
) -> None:
    """A step that lifts shadows shows in green and blue; red is opaque, so it cannot be lifted."""
    photo = (portrait() // 4).astype(np.uint8)
    photo[..., 0] = 255  # red, and with it alpha, is opaque everywhere
    source = write(tmp_path / "a.png", photo)
    steps = [{"lift_shadows": {"amount": 0.6}}]
    profile = {"preprocess": steps, "outputs": ["foreground"]}
    job = job_for(source, profile)
    (own,) = staged(job, done(job))
    assert np.abs(read(own)[..., 2::-1].astype(int) - photo).max() <= 1
    (tmp_path / "results").rename(tmp_path / "first results")
    job = job_for(source, profile | {"foreground_from": "preprocessed"})
    (toned,) = staged(job, done(job))
    assert read(toned)[..., :2].mean() > photo[..., 1:].mean() + 10


def test_a_file_that_changed_since_it_settled_is_not_touched(job_for: Make, tmp_path: Path) -> None:
    source = write(tmp_path / "a.png", portrait())
    job = job_for(source)
    write(source, portrait(100))
    with pytest.raises(Changed):
        work(job)


def test_the_source_is_only_read(job_for: Make, tmp_path: Path) -> None:
    source = write(tmp_path / "a.png", portrait())
    content, found = source.read_bytes(), source.stat()
    done(job_for(source))
    assert (source.read_bytes(), Version.of(source.stat())) == (content, Version.of(found))
    assert decode(source, max_pixels=10_000_000).size == (200, 200)


@pytest.mark.parametrize("foreground_from", ["original", "preprocessed"])
def test_what_people_wrote_into_a_photo_is_in_all_its_results(
    job_for: Make, tmp_path: Path, foreground_from: str
) -> None:
    exif = Image.Exif()
    exif[315], exif[274] = "Ann", 6
    Image.fromarray(portrait()).save(tmp_path / "photo.jpg", exif=exif)
    outputs = ["foreground", "matte", {"composition": {"format": "tiff"}}]
    profile = {"preprocess": [], "outputs": outputs, "foreground_from": foreground_from}
    job = job_for(tmp_path / "photo.jpg", profile)
    for path in staged(job, done(job)):
        with Image.open(path) as image:
            told = image.getexif()
            assert told[315] == "Ann"
            assert told.get(274, 1) == 1
