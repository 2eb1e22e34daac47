"""``matted bench`` from photos to tables, JSON and the contact sheet, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from harness import STUBS, family, wait_until, write_photo

Done = subprocess.CompletedProcess[str]
PLAIN = ("--profile", "studio-portrait")
OWN_COLOUR, BACKDROP = (250, 60, 160), (0, 90, 30)


@pytest.fixture
def bench(environment: dict[str, str], home: Path, tmp_path: Path) -> Callable[..., Done]:
    """Run it with the stub engine among the contenders."""
    own = environment | {
        "PYTHONPATH": os.pathsep.join([environment["PYTHONPATH"], str(STUBS)]),
        "XDG_DATA_HOME": str(tmp_path / "data-home"),
        "MATTED_MODELS": str(tmp_path / "shared"),
    }

    def run(*arguments: object) -> Done:
        done = subprocess.run(
            [sys.executable, str(STUBS / "run_bench.py"), "bench", *map(str, arguments)],
            cwd=home,
            env=own,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr + done.stdout
        assert list(Path(environment["TMPDIR"]).iterdir()) == []
        return done

    return run


def write_portrait(path: Path, *, corner: int = 0) -> np.ndarray:
    """A disc that is all the red there is, which the stub engine takes for the person.

    Returns:
        The disc.
    """
    rows, columns = np.ogrid[:300, :240]
    disc = np.hypot(columns - 120, rows - 160) < 80
    photo = np.where(disc[..., None], OWN_COLOUR, BACKDROP).astype(np.uint8)
    photo[disc, 0] = 255
    photo[0, 0, 0] = corner
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), photo[..., ::-1])
    return disc


def test_engines_side_by_side(bench: Callable[..., Done], home: Path) -> None:
    """A perfect engine, one that finds nobody, one that cannot start, and one that crashes."""
    disc = write_portrait(home / "photos" / "emma.png")
    write_portrait(home / "photos" / "1900" / "otto.png", corner=13)
    (home / "true").mkdir()
    cv2.imwrite(str(home / "true" / "emma.png"), disc.astype(np.uint8) * 255)
    cv2.imwrite(str(home / "true" / "gone.tif"), np.zeros((9, 9), np.uint8))
    engines = ("--engines", "stub,blind,absent,fragile")
    done = bench("photos", "--references", "true", *engines, "-o", "out", *PLAIN)
    assert done.returncode == 1
    assert done.stderr == "matted: absent could not run; fragile failed at 1 of 2 photos\n"
    for told in (
        "Mean over the photos with a reference",
        "references without a photo: gone.tif",
        "without a reference: 1900/otto.png",
        "emma.png, blind: nobody found, so the matte is empty",
        "absent could not run: the engine stub_engine cannot run: the stub demands a GPU",
        "All in one picture: out/bench.jpg",
    ):
        assert told in done.stdout
    check_figures(json.loads((home / "out" / "bench.json").read_text()), int(disc.sum()))
    check_sheet(home / "out" / "bench.jpg")
    assert sorted(os.listdir(home / "out")) == ["bench.jpg", "bench.json"]


def check_figures(found: dict[str, Any], area: int) -> None:
    assert (found["format"], found["profile"]) == (2, "studio-portrait")
    otto, emma = found["photos"]
    assert (otto["photo"], otto["reference"], otto["compared_at"]) == ("1900/otto.png", None, None)
    assert (emma["photo"], emma["size"], emma["compared_at"]) == (
        "emma.png",
        [240, 300],
        [240, 300],
    )
    stub, blind, absent, fragile = found["engines"]
    assert stub["means"] == {
        "sad": 0, "mse": 0, "mad": 0, "gradient": 0, "connectivity": 0, "iou": 1,
        "soft_error": None, "soft_kept": None, "shadow_accuracy": 1,
    }  # fmt: skip
    assert (stub["engine"], stub["model"], stub["device"]) == ("stub_engine", "stub", "cpu")
    assert stub["framework"].startswith("numpy")
    assert (stub["scored"], stub["failed"], stub["unavailable"]) == (1, 0, None)
    assert blind["means"]["sad"] == pytest.approx(area / 1000)
    assert blind["means"]["iou"] == 0
    assert [trial["empty"] for trial in blind["trials"]] == [True, True]
    assert "demands a GPU" in absent["unavailable"]
    assert absent["trials"] == []
    assert "engine" in fragile["trials"][0]["error"]
    assert fragile["trials"][1]["score"]["iou"] == 1  # it was started again
    for column in (stub, blind):
        check_costs(column)


def check_costs(column: dict[str, Any]) -> None:
    warm = sorted(trial["cost"]["total_s"] for trial in column["trials"])
    assert column["warm_s"] == pytest.approx(sum(warm) / 2)
    assert column["cold"]["total_s"] > 0
    assert column["start_s"] > 0
    for trial in column["trials"]:
        cost = trial["cost"]
        assert 0 < cost["engine_s"] < cost["total_s"]
        assert cost["total_s"] == pytest.approx(sum(cost["stages_s"].values()), abs=1e-3)
        assert {"decode", "matte", "refine", "encode"} <= set(cost["stages_s"])
        assert 10 < trial["engine_peak_mib"] < 2000
        assert 10 < trial["photo_peak_mib"] < 2000


def check_sheet(path: Path) -> None:
    """In the cell of a perfect matte the person has its own colours, and lies on mid grey."""
    sheet = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB).astype(int)
    assert sheet.shape[1] == 2 * 24 + 5 * 320 + 4 * 14  # photo, reference, three engines
    high = 400
    top = 24 + 50 + high + 37  # emma comes second
    across, down = 320 / 240, 400 / 300
    inside, outside = (round(160 * down), round(120 * across)), (round(160 * down), 20)

    def pixel(column: int, at: tuple[int, int]) -> np.ndarray:
        return sheet[top + at[0], 24 + column * 334 + at[1]]

    own = np.array((255, *OWN_COLOUR[1:]))
    for column in (0, 1, 2, 4):  # photo, reference, stub, fragile
        assert np.abs(pixel(column, inside) - own).max() < 12
    assert np.abs(pixel(0, outside) - BACKDROP).max() < 12
    for column in (1, 2, 4):
        assert np.abs(pixel(column, outside) - 119).max() < 23  # one of the board's greys
    assert np.abs(pixel(3, (40, 160)) - 119).max() < 23  # blind: nobody, but for the words


def test_json_is_all_that_goes_to_standard_output(bench: Callable[..., Done], home: Path) -> None:
    write_portrait(home / "emma.png")
    (home / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    done = bench("emma.png", "bad.png", "--engines", "stub", "--json", *PLAIN)
    assert done.stderr == "matted: stub failed at 1 of 2 photos\n"
    found = json.loads(done.stdout)
    assert [photo["size"] for photo in found["photos"]] == [[240, 300], None]
    (stub,) = found["engines"]
    emma, bad = stub["trials"]
    assert (emma["error"], emma["people"], emma["score"]) == (None, 1, None)
    assert bad["error"].startswith("ends early")
    assert (stub["scored"], stub["failed"]) == (0, 1)


def test_a_reference_of_another_size_is_said(bench: Callable[..., Done], home: Path) -> None:
    disc = write_portrait(home / "emma.png").astype(np.uint8) * 255
    half = cv2.resize(disc, (120, 150), interpolation=cv2.INTER_AREA)
    (home / "half").mkdir()
    cv2.imwrite(str(home / "half" / "emma.png"), half)
    done = bench("emma.png", "--references", "half", "--engines", "stub", *PLAIN)
    assert (done.returncode, done.stderr) == (0, "")
    assert "emma.png: mattes scaled down to compare at 120 x 150" in done.stdout
    assert " 1.000 " in done.stdout
    cv2.imwrite(str(home / "half" / "emma.png"), half[:50])
    done = bench("emma.png", "--references", "half", "--engines", "stub", *PLAIN)
    assert "emma.png: not compared: the reference's shape is another one, 120 x 50" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "Missing argument"),
        (("nowhere",), 1, "matted: nowhere cannot be read: No such file or directory\n"),
        (("empty",), 1, "matted: there are no photos in empty\n"),
        (("a.png", "--references", "nowhere"), 2, "matted: --references nowhere: No such file"),
        (("a.png", "--references", "others"), 2, "none is named like a photo; b.png has no b.*\n"),
        (("a.png", "--engines", "peeple"), 2, "did you mean people?\n"),
        (("a.png", "-o", "a.png"), 1, "matted: a.png cannot be written: File exists\n"),
        (("a.png", "-o", "/proc/bench"), 1, "/proc/bench cannot be written: No such file"),
        (("a.png", "--engines", "absent"), 3, "matted: no engine could run: absent: "),
    ],
)
def test_misuse_is_said_in_a_line(
    bench: Callable[..., Done], home: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    write_photo(home / "a.png")
    write_photo(home / "others" / "b.png")
    (home / "empty").mkdir()
    done = bench(*arguments)
    assert done.returncode == code
    assert told in done.stderr


@pytest.mark.parametrize("when", ["--status-fd", "spawn_main", "slow engine"])
def test_ctrl_c_leaves_nothing_behind(
    home: Path, environment: dict[str, str], tmp_path: Path, when: str
) -> None:
    """While the engine starts, while the photo process starts, and while the engine computes."""
    write_photo(home / "a.png")
    program = [sys.executable, str(STUBS / "run_bench.py"), "bench", "a.png", *PLAIN]
    own = environment | {"XDG_DATA_HOME": str(tmp_path / "data-home")}
    own["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], str(STUBS)])
    with subprocess.Popen(
        [*program, "--engines", "slow", "-o", "out"],
        cwd=home, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as child:  # fmt: skip
        if when == "slow engine":
            wait_until(lambda: any(Path(environment["TMPDIR"]).glob("*/.matted-staging/*")))
            wait_until(lambda: _running(child.pid, "spawn_main"))
        else:
            wait_until(lambda: _running(child.pid, when))
        started = family(child.pid)
        os.killpg(child.pid, signal.SIGINT)
        said = child.communicate(timeout=30)
    assert (child.returncode, *said) == (130, "", "")
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
    assert list(Path(environment["TMPDIR"]).iterdir()) == []
    assert list((home / "out").iterdir()) == []


def _running(pid: int, what: str) -> bool:
    for one in family(pid)[1:]:
        try:
            if what in Path(f"/proc/{one}/cmdline").read_text():
                return True
        except OSError:
            continue
    return False
