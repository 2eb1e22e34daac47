"""The function for scripts, with the real engine and its processes, on whatever people give it."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from harness import family, write_photo
from photo_server import serving

from daemon import api
from daemon.api import Result, process
from daemon.config.profiles import BUILT_IN, Profile
from daemon.errors import ResultsTrouble, SettingsError
from daemon.imaging.formats import TAKEN

pytestmark = pytest.mark.usefixtures("people_network")

ROOT = Path(__file__).parents[2]
KINDS = ("foreground", "matte", "composition")
QUICK = Profile.model_validate({"preprocess": [], "outputs": ["matte"], "file_as": api.FLAT})


@pytest.fixture(scope="module", autouse=True)
def _no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "*")
        yield


@pytest.fixture
def private_tmp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A directory for temporary files that nobody else uses."""
    private = tmp_path / "tmp"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    return private


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


def test_an_exception_in_a_callback_leaves_no_process_and_no_half_result(
    tmp_path: Path, private_tmp: Path
) -> None:
    for number in range(4):
        write_photo(tmp_path / "scans" / f"{number}.png")
    before = set(family(os.getpid()))

    def give_up(_: Result) -> None:
        raise ZeroDivisionError

    caught = None
    try:
        process(tmp_path / "scans", tmp_path / "out", profile=QUICK, on_result=give_up)
    except ZeroDivisionError as error:
        caught = error  # held on to, as debuggers do, with all its frames
        assert set(family(os.getpid())) - before == set()
        assert list(private_tmp.iterdir()) == []
    assert caught is not None
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0_matte.png"]


def test_two_runs_at_once_into_one_folder_do_not_mix_their_results(tmp_path: Path) -> None:
    results: list[Result] = []

    def run(name: str, width: int) -> None:
        for number in range(6):
            write_photo(tmp_path / name / f"{name}{number}.png", size=(width + number, 48))
        results.extend(process(tmp_path / name, tmp_path / "out", profile=QUICK))

    threads = [threading.Thread(target=run, args=given) for given in (("a", 60), ("b", 80))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    for one in results:
        assert one.error is None
        assert one.size is not None
        assert cv2.imread(str(one.files["matte"])).shape[1::-1] == one.size
        assert Path(one.source).name[0] == one.files["matte"].name[0]
    assert not (tmp_path / "out" / ".matted-staging").exists()


def test_the_example_in_the_documentation_works(tmp_path: Path) -> None:
    write_photo(tmp_path / "scans" / "a.png")
    _, _, example = (inspect.getdoc(api) or "").partition("\n\n")
    (tmp_path / "script.py").write_text(textwrap.dedent(example))
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.startswith("scans/a.png {'foreground': ")
    assert len(list((tmp_path / "results").iterdir())) == len(KINDS)


def test_the_script_of_the_documentation_works_and_has_types(tmp_path: Path) -> None:
    """It is checked as a stranger's script is, against the types that the package brings."""
    write_photo(tmp_path / "scans" / "a.png", size=(64, 48))
    (tmp_path / "scans" / "b.jpg").write_text("no photo")
    text = (ROOT / "docs" / "api.md").read_text()
    (script,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert "a.alpha.png" in done.stdout
    # Equally many, so that they are counted in the order in which they ended.
    assert re.search(
        r"Counter\(\{('filed': 1, 'failed': 1|'failed': 1, 'filed': 1)\}\)", done.stdout
    )
    assert "(64, 48)" in done.stdout
    assert {path.name for path in (tmp_path / "cutouts").iterdir()} == {
        "a.alpha.png",
        "a.foreground.png",
    }
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "script.py"]
    checked = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=250
    )
    assert checked.stdout.startswith("Success"), checked.stdout + checked.stderr


def test_all_that_the_documentation_names_is_in_the_one_module() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    assert set(api.__all__) >= set(re.findall(r"`(\w+(?:Error|Trouble|Engine))`", text)) - {""}
    told = set(
        re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text.partition("## `Result`")[2], re.MULTILINE)
    )
    names = {name for row in told for name in re.findall(r"\w+", row)}
    assert names == {field.name for field in dataclasses.fields(Result)}
    asked = set(inspect.signature(process).parameters)
    told = set(re.findall(r"`(\w+)", text.partition("## `process")[2].partition("A photo that")[0]))
    assert asked <= told
    for package in ("daemon", "matting"):
        assert (ROOT / package / "py.typed").exists()


def scanned(path: Path) -> Path:
    """A TIFF of two pages; on each two prints lie on a grey platen."""
    scan = np.full((300, 400, 3), 140, np.uint8)
    scan[40:200, 30:150] = (40, 90, 200)
    scan[60:240, 200:340] = (160, 60, 20)
    cv2.imwritemulti(str(path), [scan, scan])
    return path


def test_pages_and_prints_are_photos_of_their_own_where_that_is_asked_for(tmp_path: Path) -> None:
    scan = scanned(tmp_path / "scan.tif")
    cases: dict[str, dict[str, Any]] = {
        "one": {},
        "pages": {"pages": "all"},
        "prints": {"split": "prints"},
        "all": {"pages": "all", "split": "prints", "turn": "auto"},
    }
    told = {}
    for name, options in cases.items():
        (result,) = process([scan], tmp_path / name, profile=QUICK, **options)
        assert result.error is None
        assert all(path.exists() for path in result.files.values())
        told[name] = {key: path.name for key, path in result.files.items()}
    assert told["one"] == {"matte": "scan_matte.png"}
    assert told["pages"] == {f"page {n}: matte": f"scan_{n}_matte.png" for n in (1, 2)}
    assert told["prints"] == {f"print {n}: matte": f"scan_{n}_matte.png" for n in (1, 2)}
    assert told["all"] == {
        f"page {n}, print {m}: matte": f"scan_{n}_{m}_matte.png" for n in (1, 2) for m in (1, 2)
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"split": "print"}, "split: .*prints"),
        ({"pages": "every"}, "pages: .*all"),
        ({"split": "prints", "skip_existing": True}, "--skip-existing: cannot tell whose"),
        ({"pages": "all", "skip_existing": True}, "--skip-existing: cannot tell whose"),
    ],
)
def test_what_cannot_be_read_so_is_told_before_anything_is_begun(
    options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=told):
        process([tmp_path], tmp_path / "out", profile=QUICK, **options)
    assert not (tmp_path / "out").exists()


def test_settings_give_profile_names_and_limits(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png", size=(100, 100))
    small = write_photo(tmp_path / "b.png", size=(40, 40))
    config = tmp_path / "matted.yaml"
    config.write_text(
        "state_dir: state\n"
        "folders: [{watch: inbox, results: filed}]\n"
        "limits: {max_megapixels: 0.005}\n"
        "profiles: {mine: {outputs: [{matte: {name: alpha}}], file_as: 'x/{stem}.{output}{ext}'}}\n"
    )
    results = process([photo, small], tmp_path / "out", profile="mine", config=config)
    large, fine = sorted(results, key=lambda one: one.source)
    assert large.error == "100 x 100 are 0.0 megapixels; the limit is 0.0"
    assert fine.files == {"alpha": tmp_path / "out" / "x" / "b.alpha.png"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.png",
        "b.png",
        "matted.yaml",
        "out",
    ]


def test_the_profiles_name_is_in_the_results_names_and_known_again(tmp_path: Path) -> None:
    """It was empty, so that several profiles' results lay together."""
    photo = write_photo(tmp_path / "a.png")
    config = tmp_path / "matted.yaml"
    mine = "outputs: [matte, foreground], file_as: '{profile}/{stem}_{output}{ext}'"
    config.write_text(f"profiles: {{mine: {{{mine}}}}}")
    wish: dict[str, Any] = {"profile": "mine", "config": config, "foreground": False}
    (first,) = process(photo, tmp_path / "out", **wish)
    assert first.files == {"matte": tmp_path / "out" / "mine" / "a_matte.png"}
    (again,) = process(photo, tmp_path / "out", skip_existing=True, **wish)
    assert (again.skipped, again.files) == (True, first.files)
    unnamed = Profile.model_validate({"outputs": ["matte"], "file_as": "{profile}{stem}{ext}"})
    with pytest.raises(SettingsError, match=r"file_as: \{profile\} stands for a name"):
        process(photo, tmp_path / "out", profile=unnamed)


def test_nothing_to_do_is_no_reason_to_start_an_engine(tmp_path: Path) -> None:
    (only,) = process(tmp_path / "nowhere.png", tmp_path / "out")
    assert only.error == "cannot be read: No such file or directory"
    assert not (tmp_path / "out").exists()
    assert process([], tmp_path / "out") == []


@pytest.mark.parametrize("profile", BUILT_IN)
def test_built_in_profiles_are_found(profile: str) -> None:
    assert api.find_profile(profile, api.settings_for(None)) is BUILT_IN[profile]


def test_wrong_demands_are_refused_before_anything_begins(tmp_path: Path) -> None:
    scans = write_photo(tmp_path / "scans" / "a.png").parent
    with pytest.raises(SettingsError, match="no profile 'old-foto'; did you mean old-photo"):
        process(scans, tmp_path / "out", profile="old-foto")
    with pytest.raises(SettingsError, match="no engine 'bhsm'"):
        process(scans, tmp_path / "out", engine="bhsm")
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        process(scans, tmp_path / "out", config=tmp_path / "nowhere.yaml")
    with pytest.raises(SettingsError, match="is where photos come from"):
        process(scans, scans)
    with pytest.raises(ResultsTrouble, match="cannot be made: Not a directory"):
        process(scans, scans / "a.png" / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.png", "scans"]
