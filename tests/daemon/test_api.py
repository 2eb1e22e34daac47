"""The function for scripts, with the real engine and its processes, on whatever people give it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from harness import write_photo
from photo_server import serving
from quick_profile import QUICK

from daemon.api import Result, process
from daemon.imaging.formats import TAKEN

pytestmark = pytest.mark.usefixtures("people_network")

KINDS = ("foreground", "matte", "composition")


@pytest.fixture(scope="module", autouse=True)
def _no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "*")
        yield


class Batch:
    """One run over everything that can be given, and what came of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.scans = root / "scans"
        self.out = self.scans / "results"
        self.counted: list[int] = []
        self.told: list[Result] = []
        write_photo(self.scans / "a.png", size=(64, 48))
        write_photo(self.scans / "roll 7" / "a.png", size=(66, 48))
        write_photo(self.scans / "roll 7" / "deeper" / "祖母.jpg", size=(68, 48))
        write_photo(self.out / "earlier_matte.png")
        write_photo(self.out / "a_matte.png", size=(10, 10))
        (self.scans / "notes.txt").write_text("roll 7")
        (self.scans / "text.jpg").write_text("Dear Emma, the photo is in the other letter.")
        (self.scans / "empty.jpg").touch()
        (self.scans / "link.png").symlink_to("a.png")
        single = write_photo(root / "single.png", size=(70, 48))
        (root / "shortcut.png").symlink_to(write_photo(root / "elsewhere" / "b.png"))
        (root / "no photos").mkdir()
        (root / "no photos" / "notes.txt").write_text("none")
        os.mkfifo(root / "pipe.png")
        photo = single.read_bytes()
        with serving({"/w/tante%20emma.png": photo, "/": photo}) as address:
            self.address = address
            self.results = process(
                [
                    self.scans,
                    self.scans / "a.png",
                    single,
                    str(single),
                    root / "shortcut.png",
                    root / "no photos",
                    root / "pipe.png",
                    root / "nowhere.png",
                    "",
                    "zero\0byte.png",
                    f"{address}/w/tante emma.png",
                    f"{address}/",
                    f"{address}/missing.png",
                    f"{address}/broken/w/tante%20emma.png",
                ],
                self.out,
                profile="studio-portrait",
                on_begin=self.counted.append,
                on_result=self.told.append,
            )

    def of(self, source: object) -> Result:
        (found,) = (one for one in self.results if one.source == str(source))
        return found


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    return Batch(tmp_path_factory.mktemp("batch"))


def test_each_photo_has_one_result_and_is_told_as_it_ends(batch: Batch) -> None:
    assert batch.told == batch.results
    assert batch.counted == [len(batch.results)]
    sources = [one.source for one in batch.results]
    assert len(sources) == len(set(sources))


def test_a_folder_is_mirrored_below_the_results(batch: Batch) -> None:
    result = batch.of(batch.scans / "roll 7" / "deeper" / "祖母.jpg")
    assert result.error is None
    assert result.files == {
        kind: batch.out / "roll 7" / "deeper" / f"祖母_{kind}.png" for kind in KINDS
    }
    for path in result.files.values():
        assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape[:2] == (48, 68)


def test_a_result_tells_how_it_came_about(batch: Batch) -> None:
    result = batch.of(batch.root / "single.png")
    assert result.size == (70, 48)
    assert (result.engine, result.device) == ("people", "cpu")
    assert next(iter(result.took_s)) == "read"
    assert list(result.took_s)[-1] == "publish"


def test_what_is_at_work_is_told_in_order(tmp_path: Path) -> None:
    """The bar said "starting the engine" until the first photo was done."""
    told: list[str] = []
    process(
        write_photo(tmp_path / "a.png"),
        profile=QUICK,
        on_begin=lambda count: told.append(f"begin {count}"),
        on_ready=lambda: told.append("ready"),
        on_result=lambda result: told.append(str(result.error)),
    )
    assert told == ["begin 1", "ready", "None"]
    assert (tmp_path / "a_matte.png").exists()


def test_after_the_last_photo_nothing_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited for half a second more before it saw that all had ended."""
    monkeypatch.setattr("daemon.batch.batch._LONGEST_WAIT_S", 30.0)
    ended_s: list[float] = []
    process(
        write_photo(tmp_path / "a.png"),
        profile=QUICK,
        on_result=lambda _: ended_s.append(time.monotonic()),
    )
    assert time.monotonic() - ended_s[0] < 20


def test_nothing_is_overwritten(batch: Batch) -> None:
    """Somebody's a_matte.png was there before; a whole set takes the next number together."""
    assert cv2.imread(str(batch.out / "a_matte.png")).shape[:2] == (10, 10)
    files = batch.of(batch.scans / "a.png").files
    assert files == {kind: batch.out / f"a-2_{kind}.png" for kind in KINDS}


def test_two_files_of_one_name_keep_apart(batch: Batch) -> None:
    there = batch.of(batch.scans / "roll 7" / "a.png").files["matte"]
    assert there == batch.out / "roll 7" / "a_matte.png"
    assert cv2.imread(str(there)).shape[:2] == (48, 66)


def test_results_in_a_folder_that_is_given_are_not_taken_for_photos(batch: Batch) -> None:
    assert not [one for one in batch.results if "results" in one.source]


def test_a_symlink_that_is_named_is_followed_and_one_that_is_found_is_not(batch: Batch) -> None:
    assert batch.of(batch.root / "shortcut.png").files["matte"] == batch.out / "b_matte.png"
    found = batch.of(batch.scans / "link.png")
    assert found.error == "a symlink; it is not followed"


def test_addresses_are_fetched_and_called_as_they_end(batch: Batch) -> None:
    named = batch.of(f"{batch.address}/w/tante emma.png")
    assert named.files["matte"] == batch.out / "tante emma_matte.png"
    assert cv2.imread(str(named.files["matte"])).shape[:2] == (48, 70)
    assert batch.of(f"{batch.address}/").files["matte"] == batch.out / "photo_matte.png"


def test_what_fails_says_why_in_a_line(batch: Batch) -> None:
    expected = {
        batch.scans / "text.jpg": f"text is not taken; {TAKEN}",
        batch.scans / "empty.jpg": "ends early: 0 bytes",
        batch.root / "no photos": "there are no photos in it; files of other kinds: 1",
        batch.root / "pipe.png": "is not a regular file",
        batch.root / "nowhere.png": "cannot be read: No such file or directory",
        "": "an empty name is no photo",
        r"zero\x00byte.png": "cannot be read: embedded null byte",
        f"{batch.address}/missing.png": "the server answers 404 Not Found",
    }
    assert {source: batch.of(source).error for source in expected} == expected
    broken = batch.of(f"{batch.address}/broken/w/tante%20emma.png").error
    assert broken is not None
    assert broken.startswith("the connection broke off after")
    assert all(not one.files for one in batch.results if one.error)


def test_nothing_but_results_is_left(batch: Batch) -> None:
    filed = {path for one in batch.results for path in one.files.values()}
    before = {batch.out / "earlier_matte.png", batch.out / "a_matte.png"}
    assert {path for path in batch.out.rglob("*") if path.is_file()} == filed | before
    assert not list(batch.out.rglob(".*"))
