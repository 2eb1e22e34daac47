"""``matted demo``: the real daemon with the real engine, and great care with people's folders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from harness import write_photo

pytestmark = pytest.mark.usefixtures("people_network")

Matted = Callable[..., subprocess.CompletedProcess[str]]


def test_it_files_photos_and_says_which_it_could_not(matted: Matted, home: Path) -> None:
    """Empty, hidden and foreign files are no photos, and must not be waited for."""
    write_photo(home / "mine" / "a b.png")
    write_photo(home / "mine" / ".hidden.png")
    (home / "mine" / "empty.png").touch()
    (home / "mine" / "notes.txt").write_text("notes")
    (home / "mine" / "text.jpg").write_text("Dear Emma, the photo is in the other letter.")
    done = matted("demo", "--photos", "mine")
    assert done.returncode == 1
    assert done.stderr == "matted: 1 of 2 photos were not filed; see demo-out/results/failed\n"
    assert "text.jpg  not filed: text is not taken" in done.stdout
    assert "a b.png  64 x 48, " in done.stdout
    assert ", people on cpu" in done.stdout
    assert "\n  warning: nobody was found; the matte is empty\n" in done.stdout
    named = [Path(line.strip()) for line in done.stdout.splitlines() if line.startswith("  demo")]
    assert len(named) == 3
    assert all((home / path).is_file() for path in named)
    overview = cv2.imread(str(home / "demo-out" / "overview.png"))
    assert overview.shape[0] == 360
    assert len(list((home / "demo-out" / "results" / "failed").iterdir())) == 1


@pytest.mark.parametrize("own", ["matted.yaml", "photo.jpg", ".matted-demo"])
def test_a_folder_that_is_not_a_demos_is_never_emptied(
    matted: Matted, home: Path, own: str
) -> None:
    """Not even one with settings as the demo writes them: it may be somebody's real inbox."""
    mine = write_photo(home / "out" / "inbox" / "mine.png")
    (home / "out" / own).write_text("mine")
    (home / "out" / "thesis.txt").write_text("mine")
    write_photo(home / "photos" / "a.png")
    done = matted("demo", "--photos", "photos", "--out", "out")
    assert done.returncode == 1
    assert done.stderr == (
        "matted: out is not empty and not an earlier demo's; --out names another one\n"
    )
    assert mine.exists()
    assert (home / "out" / "thesis.txt").read_text() == "mine"


def test_an_earlier_demos_folder_is_used_again_and_its_photos_can_be_given(
    matted: Matted, home: Path
) -> None:
    out = home / "demo-out"
    for name in ("inbox", "results", "photos", "state"):
        (out / name).mkdir(parents=True)
    old = write_photo(out / "results" / "2001-01-01" / "old_matte.png")
    mine = write_photo(out / "photos" / "mine.png")
    for name in (".matted-demo", "matted.yaml"):
        (out / name).touch()
    done = matted("demo", "--photos", out / "photos")
    assert done.returncode == 1
    assert "lies in demo-out, where the demo happens" in done.stderr
    assert mine.exists()
    write_photo(home / "mine" / "a.png")
    done = matted("demo", "--photos", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert not old.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--photos", "nowhere"), "nowhere is not a folder"),
        (("--photos", "empty"), "there are no photos in empty"),
        (("--photos", "photos", "--out", "file"), "file cannot be used for the demo: Not a dir"),
        (("--photos", "photos", "--out", "file/x"), "file/x cannot be used for the demo: Not a"),
    ],
)
def test_misuse_is_said_in_a_line(
    matted: Matted, home: Path, arguments: tuple[str, ...], told: str
) -> None:
    (home / "empty").mkdir()
    (home / "file").write_text("a file")
    write_photo(home / "photos" / "a.png")
    done = matted("demo", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"matted: {told}")
    assert sorted(os.listdir(home)) == ["empty", "file", "photos"]
