"""What a script may ask of the function for scripts, and what it is told where that cannot be."""

from __future__ import annotations

import os
import tempfile
import threading
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from harness import family, write_photo
from quick_profile import QUICK

from daemon import api
from daemon.api import Result, process
from daemon.config.profiles import BUILT_IN, Profile
from daemon.errors import ResultsTrouble, SettingsError

pytestmark = pytest.mark.usefixtures("people_network")


@pytest.fixture
def private_tmp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A directory for temporary files that nobody else uses."""
    private = tmp_path / "tmp"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    return private


def test_an_exception_in_a_callback_leaves_no_process_and_no_half_result(
    tmp_path: Path, private_tmp: Path
) -> None:
    for number in range(4):
        write_photo(tmp_path / "scans" / f"{number}.png")
    resource_tracker.ensure_running()  # it stays with this interpreter, whoever needs it first
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
