"""One photo's way, from the watched file to staged results; the engine is a stub, all else real.

The stub's alpha is the red channel of what it gets to see, so a test knows what should come out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
import skimage.data
import tifffile
from numpy.typing import NDArray
from PIL import Image

from daemon.config.profiles import Profile
from daemon.errors import Changed, EngineFailed, EngineStumbled, OutOfMemory, Refused
from daemon.imaging.decode import decode
from daemon.photo import Photo, Version
from daemon.shelf import staging
from daemon.work.job import EngineAddress, Job, Staged, Unchanged
from daemon.work.pipeline import work
from matting.process.host import EngineHost, EngineSpec

STUBS = str(Path(__file__).parents[2] / "stubs")
PLAIN = {"preprocess": [], "outputs": ["matte"]}
MISCHIEF = {"66": "out_of_memory", "67": "refuse", "68": "raise", "69": "exit", "70": "see_small"}
Make = Callable[..., Job]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineHost]:
    spec = EngineSpec("stub_engine", {"when_red": MISCHIEF}, extra_path=(STUBS,))
    with EngineHost(spec, tmp_path_factory.mktemp("engine"), lambda *_: None) as host:
        host.start()
        yield host


@pytest.fixture
def job_for(engine: EngineHost, tmp_path: Path) -> Make:
    """Make a job of a photo."""

    def make(source: Path, profile: dict[str, Any] = PLAIN, known: Sequence[str] = ()) -> Job:
        chosen = Profile.model_validate(profile)
        names = tuple(
            f"{number} {output.options.name}".encode()
            for number, output in enumerate(chosen.outputs)
        )
        version = Version.of(source.stat())
        photo = Photo(1, str(tmp_path), os.fsencode(source.name), version, 1, 0.0, names=names)
        results = tmp_path / "results"
        results.mkdir()
        staging.establish(results, lambda _: None)
        return Job(
            photo=photo,
            source=os.fsencode(source),
            results=results,
            staging=staging.stage(results, photo),
            snapshot=os.fsencode(tmp_path / "snapshot"),
            profile=chosen,
            engine=EngineAddress("stub_engine", engine.socket_path, 20, 20, 20),
            max_pixels=10_000_000,
            known=frozenset(known),
        )

    return make


def done(job: Job) -> Staged:
    outcome = work(job)
    assert isinstance(outcome, Staged)
    assert not Path(os.fsdecode(job.snapshot)).exists()
    return outcome


def staged(job: Job, outcome: Staged) -> list[Path]:
    """The staged files, in the profile's order."""
    paths = [
        Path(os.fsdecode(os.path.join(outcome.plan.results, m.staged))) for m in outcome.plan.moves
    ]
    assert [move.final for move in outcome.plan.moves] == list(job.photo.names)
    assert all(path.parent == Path(os.fsdecode(job.staging)) for path in paths)
    return paths


def portrait(size: int = 200) -> NDArray[np.uint8]:
    """(size, size, 3) RGB."""
    whole = skimage.data.astronaut()[:400, :400]
    return np.asarray(cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def write(path: Path, rgb: NDArray[Any]) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, np.ascontiguousarray(rgb[..., ::-1]))[1].tobytes())
    return path


def read(path: Path) -> NDArray[Any]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


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


def test_a_small_person_is_looked_at_closely_and_put_back_in_place(
    job_for: Make, people_network: Path, tmp_path: Path
) -> None:
    """Outside the box nothing was looked at, so alpha is 0 there though red is not."""
    photo = np.full((1000, 1500, 3), 120, np.uint8)
    photo[600:856, 900:1156] = portrait(256)
    profile = {"preprocess": [{"focus_person": {}}], "outputs": [{"matte": {"bits": 16}}]}
    job = job_for(write(tmp_path / "a.png", photo), profile)
    engine = replace(job.engine, people=people_network)
    job = replace(job, engine=engine)
    (matte,) = map(read, staged(job, done(job)))
    assert matte.shape == (1000, 1500)
    assert not matte[:200].any()
    assert not matte[:, :600].any()
    face = (slice(640, 760), slice(960, 1080))
    assert np.abs(matte[face] / 257 - photo[face][..., 0]).mean() < 6
    rows, columns = np.nonzero(matte)
    assert rows.min() > 300
    assert columns.min() > 650


def test_whom_a_step_has_found_the_engine_is_not_asked_about(
    job_for: Make, people_network: Path, tmp_path: Path
) -> None:
    """The engine of the test answers the red channel: had it been asked, nobody would be clear."""
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), np.asarray(skimage.data.astronaut())[..., ::-1])
    job = job_for(photo, {"preprocess": ["focus_person"], "outputs": ["matte"]})
    engine = replace(job.engine, people=people_network, finds="selfie")
    filed = done(replace(job, engine=engine)).filed
    assert (filed.people, filed.device) == (1, "cpu")
    matte = cv2.imread(str(next(Path(os.fsdecode(job.staging)).iterdir())), cv2.IMREAD_GRAYSCALE)
    assert matte is not None
    assert matte[:60, :60].max() == 0
    assert matte[100:180, 200:250].min() == 255  # her face


def test_a_large_photo_is_matted_small_and_filed_at_its_own_size(
    job_for: Make, tmp_path: Path
) -> None:
    photo = np.asarray(cv2.resize(portrait(), (900, 600), interpolation=cv2.INTER_CUBIC), np.uint8)
    profile = {"matting": {"long_side": 300}, "outputs": [{"matte": {"bits": 8}}]}
    job = job_for(write(tmp_path / "a.png", photo), profile)
    (matte,) = map(read, staged(job, done(job)))
    assert matte.shape == (600, 900)
    assert np.abs(matte.astype(float) - photo[..., 0]).mean() < 6


def test_a_network_that_sees_little_of_a_photo_gets_the_photos_own_edges(
    job_for: Make, tmp_path: Path
) -> None:
    """At the very size it was asked for: what was enlarged within the engine is no detail."""
    photo = np.zeros((400, 600, 3), np.uint8)
    cv2.circle(photo, (300, 200), 120, (255, 230, 210), thickness=-1, lineType=cv2.LINE_AA)
    truth = photo[..., 0].astype(float)
    photo[0, 0] = (70, 0, 0)
    job = job_for(write(tmp_path / "a.png", photo), PLAIN)
    (matte,) = map(read, staged(job, done(job)))
    blocks = truth.reshape(50, 8, 75, 8).mean(axis=(1, 3)).repeat(8, axis=0).repeat(8, axis=1)
    error = np.abs(matte / np.iinfo(matte.dtype).max * 255 - truth)
    assert error.mean() < np.abs(blocks - truth).mean() / 4


def mischievous(path: Path, red: int) -> Path:
    """Only the very first pixel is the stub's cue: half the size averages it away."""
    photo = np.full((200, 300, 3), 180, np.uint8)
    photo[0, 0] = (red, 0, 0)
    return write(path, photo)


def test_out_of_memory_is_tried_once_more_at_half_the_size_and_said(
    job_for: Make, tmp_path: Path
) -> None:
    job = job_for(mischievous(tmp_path / "a.png", 66))
    outcome = done(job)
    (warning,) = outcome.filed.warnings
    assert warning.startswith("the engine ran out of memory and matted at 150 pixels: ")
    (matte,) = map(read, staged(job, outcome))
    assert matte.shape == (200, 300)
    assert np.abs(matte.astype(int) - 180).mean() < 2


def test_out_of_memory_twice_is_the_photos_end(job_for: Make, tmp_path: Path) -> None:
    photo = np.full((200, 300, 3), 66, np.uint8)
    with pytest.raises(OutOfMemory, match="99 GiB"):
        work(job_for(write(tmp_path / "a.png", photo)))


@pytest.mark.parametrize(
    ("red", "error", "reason"),
    [
        (67, Refused, "the engine cannot matte it: .*does not like this picture"),
        (68, EngineStumbled, "stumbled"),
    ],
)
def test_what_the_engine_says_of_a_photo_is_passed_on(
    red: int, error: type[Exception], reason: str, job_for: Make, tmp_path: Path
) -> None:
    job = job_for(mischievous(tmp_path / "a.png", red))
    with pytest.raises(error, match=reason):
        work(job)
    assert not Path(os.fsdecode(job.snapshot)).exists()


def test_an_engine_that_dies_is_named_by_its_process(
    job_for: Make, tmp_path: Path, engine: EngineHost
) -> None:
    pid = engine.hello["pid"]
    with pytest.raises(EngineFailed) as caught:
        work(job_for(mischievous(tmp_path / "a.png", 69)))
    assert caught.value.engine_pid == pid


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


# The edge


def blob(size: int = 400) -> NDArray[np.uint8]:
    """A soft red disc; at the top left is what makes the stub see at an eighth of the size."""
    picture = np.full((size, size, 3), 20, np.uint8)
    cv2.circle(picture, (size // 2, size // 2), size // 3, (255, 90, 60), cv2.FILLED, cv2.LINE_AA)
    picture[0, 0, 0] = 70
    return picture


def with_refiner(name: str) -> dict[str, Any]:
    return PLAIN | {"matting": {"refiner": name}}


@pytest.mark.parametrize(
    ("refiner", "ran"), [("auto", "closed-form"), ("closed-form", "closed-form"), ("none", "none")]
)
def test_the_edge_of_a_small_matte_is_solved_as_the_profile_says(
    job_for: Make, tmp_path: Path, refiner: str, ran: str
) -> None:
    job = job_for(write(tmp_path / "a.png", blob()), with_refiner(refiner))
    filed = done(job).filed
    assert (filed.refiner, filed.tiles > 0, filed.warnings) == (ran, ran != "none", ())


def test_a_network_that_draws_the_edge_itself_is_left_to_it(job_for: Make, tmp_path: Path) -> None:
    filed = done(job_for(write(tmp_path / "a.png", portrait()))).filed
    assert (filed.refiner, filed.tiles) == ("none", 0)


def test_a_refiner_that_does_not_run_costs_its_edge_and_a_warning(
    job_for: Make, tmp_path: Path
) -> None:
    """The matte is that of refiner: none."""
    source = write(tmp_path / "a.png", blob())
    job = job_for(source, with_refiner("vitmatte"))
    outcome = done(job)
    (warning,) = outcome.filed.warnings
    assert "refiner vitmatte failed" in warning
    assert outcome.filed.refiner == "none"
    (matte,) = staged(job, outcome)
    (tmp_path / "results").rename(tmp_path / "first results")
    plain = job_for(source, with_refiner("none"))
    (expected,) = staged(plain, done(plain))
    first = Path(str(matte).replace("/results/", "/first results/"))
    assert (read(first) == read(expected)).all()


def test_a_refiner_that_dies_in_mid_photo_costs_its_edge_and_the_next_photo_nothing(
    job_for: Make, tmp_path: Path
) -> None:
    """It solved tiles before; none of what it said is in the matte, which is refiner: none's."""
    deadly = blob(900)
    deadly[128, 128, 0] = 69
    source = write(tmp_path / "a.png", deadly)
    spec = EngineSpec("stub_engine", {"tile": 256, "when_red": {"69": "exit"}}, extra_path=(STUBS,))
    with EngineHost(spec, tmp_path / "refiner", lambda *_: None) as host:
        host.start()
        address = EngineAddress("mine", host.socket_path, 20, 20, 20)
        job = replace(job_for(source, with_refiner("mine")), refiner=address)
        outcome = done(job)
        (warning,) = outcome.filed.warnings
        assert warning.startswith("the refiner mine failed, so the edge is enlarged without it: ")
        assert "\n" not in warning
        assert (outcome.filed.refiner, outcome.filed.tiles) == ("none", 0)
        (dead,) = map(read, staged(job, outcome))
        (tmp_path / "results").rename(tmp_path / "first results")
        plain = job_for(source, with_refiner("none"))
        (expected,) = map(read, staged(plain, done(plain)))
        assert (dead == expected).all()
        (tmp_path / "results").rename(tmp_path / "second results")
        other = write(tmp_path / "b.png", blob(900))
        filed = done(replace(job_for(other, with_refiner("mine")), refiner=address)).filed
        assert (filed.refiner, filed.tiles > 4, filed.warnings) == ("mine", True, ())


# A trimap beside the photo


def own_trimap(size: int = 400) -> NDArray[np.uint8]:
    """Says that the person is the left half, whatever the network says."""
    trimap = np.zeros((size, size), np.uint8)
    trimap[:, : size // 2] = 255
    trimap[:, size // 2 - 10 : size // 2 + 10] = 128
    return np.repeat(trimap[..., None], 3, axis=2)


def test_a_trimap_beside_the_photo_says_where_the_edge_is(job_for: Make, tmp_path: Path) -> None:
    source = write(tmp_path / "anna.png", portrait(400))
    write(tmp_path / "anna.trimap.png", own_trimap())
    job = job_for(source)
    outcome = done(job)
    (matte,) = map(read, staged(job, outcome))
    assert (matte[:, :190] == 255).all()
    assert (matte[:, 210:] == 0).all()
    assert (outcome.filed.refiner, outcome.filed.warnings) == ("closed-form", ())
    assert not Path(os.fsdecode(job.snapshot)).exists()


def make_link(path: Path) -> None:
    path.symlink_to(write(path.parent / "elsewhere.png", own_trimap()))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: write(path, own_trimap(200)), "it is 200 x 200, and the photo 400 x 400"),
        (lambda path: write(path, own_trimap(800)), "pixels"),
        (lambda path: path.write_bytes(b"no picture"), "not"),
        (lambda path: path.write_bytes(b""), ""),
        (lambda path: path.write_bytes(bytes(20 << 20)), "too many for the photo's size"),
        (make_link, "symlink"),
        (lambda path: path.mkdir(), "not a regular file"),
        (os.mkfifo, "not a regular file"),
    ],
    ids=["small", "large", "text", "empty", "heavy", "link", "folder", "fifo"],
)
def test_a_trimap_that_cannot_be_used_is_a_warning_and_the_photo_is_filed(
    job_for: Make, tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    source = write(tmp_path / "anna.png", portrait(400))
    make(tmp_path / "anna.trimap.png")
    outcome = done(job_for(source))
    (warning,) = outcome.filed.warnings
    assert warning.startswith("the trimap anna.trimap.png is not used: ")
    assert said in warning
    assert "\n" not in warning
    assert outcome.filed.refiner == "none"


def test_refiner_none_says_that_it_leaves_a_trimap_unused(job_for: Make, tmp_path: Path) -> None:
    source = write(tmp_path / "anna.png", portrait(400))
    write(tmp_path / "anna.trimap.png", own_trimap())
    (warning,) = done(job_for(source, with_refiner("none"))).filed.warnings
    assert "leaves the trimap unused" in warning
