"""Each page of a TIFF is a photo of its own, where the folder says so; the engine is a stub."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import camera_files
import numpy as np
import pytest
import tifffile
from staged_jobs import staged_job

from daemon.config.profiles import Profile
from daemon.config.reading import Reading
from daemon.errors import NotReady, TooManyPixels
from daemon.filed import Part
from daemon.imaging.decode import decode
from daemon.photo import Redo, Touchup
from daemon.work.job import Job, Staged
from daemon.work.pipeline import work
from matting.process.host import EngineHost, EngineSpec

STUBS = str(Path(__file__).parents[2] / "stubs")
ALL = Reading(pages="all")


def page(red: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    pixels = np.full((*size, 3), (red, 60, 30), np.uint8)
    pixels[::7, ::5] = 90
    return pixels


def tiff(*pages: np.ndarray, reduced: tuple[int, ...] = ()) -> bytes:
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for number, pixels in enumerate(pages):
            kind = 1 if number in reduced else 0
            writer.write(
                pixels, photometric="rgb", subfiletype=kind, metadata=None, compression="zlib"
            )
    return out.getvalue()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineHost]:
    spec = EngineSpec("stub_engine", {}, extra_path=(STUBS,))
    with EngineHost(spec, tmp_path_factory.mktemp("engine"), lambda *_: None) as host:
        host.start()
        yield host


def job_of(data: bytes, engine: EngineHost, tmp_path: Path, reading: Reading = ALL) -> Job:
    source, profile = tmp_path / "scan.tif", {"preprocess": [], "outputs": ["matte"]}
    source.write_bytes(data)
    chosen, names = Profile.model_validate(profile), (b"scan_matte.png",)
    job = staged_job(source, tmp_path / "results", chosen, names, engine.socket_path)
    return replace(job, max_pixels=1_000_000, reading=reading)


def staged(job: Job) -> Staged:
    outcome = work(job)
    assert isinstance(outcome, Staged)
    assert not Path(os.fsdecode(job.snapshot)).exists()
    return outcome


def reds(job: Job, outcome: Staged) -> list[int]:
    """What the stub made of each page: its alpha is the red channel."""
    files = [job.results / os.fsdecode(move.staged) for move in outcome.plan.moves]
    return [round(float(np.median(decode(file, max_pixels=10**6).pixels))) for file in files]


def test_each_page_is_cut_out(engine: EngineHost, tmp_path: Path) -> None:
    job = job_of(tiff(page(80), page(120), page(160, (30, 20))), engine, tmp_path)
    outcome = staged(job)
    assert reds(job, outcome) == [80, 120, 160]
    assert not outcome.plan.is_named
    parts = outcome.filed.parts
    assert [(part.page, part.size) for part in parts] == [
        (1, (64, 48)),
        (2, (64, 48)),
        (3, (20, 30)),
    ]
    assert not outcome.filed.warnings
    assert outcome.filed.size == (64, 48)


def test_by_default_one_page_is_read_and_the_rest_warned_of(
    engine: EngineHost, tmp_path: Path
) -> None:
    job = job_of(tiff(page(80), page(120)), engine, tmp_path, Reading())
    outcome = staged(job)
    assert reds(job, outcome) == [80]
    assert outcome.plan.is_named
    assert outcome.filed.parts == ()
    assert outcome.filed.warnings == ("page 1 of 2 read",)


def test_a_smaller_copy_is_no_page(engine: EngineHost, tmp_path: Path) -> None:
    data = tiff(page(10, (12, 16)), page(80), page(120), page(20, (12, 16)), reduced=(0, 3))
    job = job_of(data, engine, tmp_path)
    assert reds(job, staged(job)) == [80, 120]


@pytest.mark.parametrize("reduced", [(), (0,)])
def test_a_file_of_one_page_is_one_photo(
    reduced: tuple[int, ...], engine: EngineHost, tmp_path: Path
) -> None:
    """Some scanners call their only page reduced."""
    outcome = staged(job_of(tiff(page(80), reduced=reduced), engine, tmp_path))
    assert outcome.plan.is_named
    assert outcome.filed.parts == ()


def test_a_page_that_is_damaged_keeps_all_pages_waiting(engine: EngineHost, tmp_path: Path) -> None:
    data = bytearray(tiff(page(80), page(120), page(160)))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        at = file.pages[1].dataoffsets[0]
    data[at : at + 40] = bytes(40)
    job = job_of(bytes(data), engine, tmp_path)
    with pytest.raises(NotReady, match=r"^page 2: TIFF ends early or is damaged"):
        work(job)


def test_a_page_with_too_many_pixels_is_named(engine: EngineHost, tmp_path: Path) -> None:
    job = job_of(tiff(page(80), page(120, (100, 100))), engine, tmp_path)
    with pytest.raises(TooManyPixels, match=r"^page 2: 100 x 100"):
        work(replace(job, max_pixels=5000))


def test_flags_are_told_with_the_part_they_are_of(engine: EngineHost, tmp_path: Path) -> None:
    nobody = np.zeros((48, 64, 3), np.uint8)
    outcome = staged(job_of(tiff(page(200), nobody), engine, tmp_path))
    first, second = ({flag.reason for flag in part.flags} for part in outcome.filed.parts)
    assert "nobody" in second
    assert "nobody" not in first
    assert Part(page=2).shown == "page 2"


def test_prints_of_a_scan_are_cut_out_each(engine: EngineHost, tmp_path: Path) -> None:
    """On every page, if all of them are photos."""
    scan = np.full((300, 400, 3), 140, np.uint8)
    scan[40:200, 30:150] = page(80, (160, 120))
    scan[60:240, 200:340] = page(200, (180, 140))
    job = job_of(tiff(scan, scan), engine, tmp_path, Reading(pages="all", split="prints"))
    outcome = staged(job)
    parts = outcome.filed.parts
    assert [(part.page, part.print) for part in parts] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert reds(job, outcome) == [80, 200, 80, 200]
    assert not outcome.filed.holds_photo


def test_a_matte_is_mended_on_the_photo_that_was_filed(engine: EngineHost, tmp_path: Path) -> None:
    """It was filed whole; that its folder splits scans since then is of no account."""
    scan = np.full((300, 400, 3), 140, np.uint8)
    scan[40:200, 30:150] = page(80, (160, 120))
    scan[60:240, 200:340] = page(200, (180, 140))
    job = job_of(tiff(scan), engine, tmp_path, Reading(split="prints"))
    matte = tmp_path / "filed.tif"
    tifffile.imwrite(matte, scan[:, :, 0])
    digest = hashlib.sha256(Path(os.fsdecode(job.source)).read_bytes()).hexdigest()
    redo = Redo(job.source, digest, touchup=Touchup((str(matte),), ()))
    outcome = staged(replace(job, photo=replace(job.photo, redo=redo)))
    assert outcome.filed.parts == ()
    assert outcome.filed.size == (400, 300)


def test_a_scan_that_is_not_cut_says_why(engine: EngineHost, tmp_path: Path) -> None:
    job = job_of(tiff(page(80, (300, 200))), engine, tmp_path, Reading(split="prints"))
    outcome = staged(job)
    assert outcome.plan.is_named
    assert "unsplit" in {flag.reason for flag in outcome.filed.flags}
    assert any(each.startswith("not cut into prints: ") for each in outcome.filed.warnings)


KINDS = {
    "heic": camera_files.heic,
    "avif": lambda picture: camera_files.saved(picture, "AVIF", quality=95, subsampling="4:4:4"),
    "dng": camera_files.linear_dng,
    "psd": camera_files.psd,
    "jp2": lambda picture: camera_files.saved(picture, "JPEG2000"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_phones_cameras_and_editors_write_is_cut_out(
    kind: str, engine: EngineHost, tmp_path: Path
) -> None:
    """The stub's alpha is the red that it was shown."""
    picture = page(150, (96, 128))
    picture[:, 64:, 0] = 60
    job = job_of(KINDS[kind](picture), engine, tmp_path, Reading())
    outcome = staged(job)
    assert outcome.filed.size == (128, 96)
    (move,) = outcome.plan.moves
    alpha = decode(job.results / os.fsdecode(move.staged), max_pixels=10**6).pixels[:, :, 0]
    for side, red in ((alpha[:, :60], 150), (alpha[:, 68:], 60)):
        assert abs(float(np.median(side)) - red) <= 2
