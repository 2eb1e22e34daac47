"""Where `matted process` puts results, and what it takes for photos."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import write_photo
from PIL import Image
from typed_commands import KINDS, QUICK, Matted, names

pytestmark = pytest.mark.usefixtures("people_network")


def test_without_a_place_results_lie_beside_the_photo_and_replace_nothing(
    matted: Matted, home: Path
) -> None:
    """As people type it first: `matted process photo.jpg`."""
    write_photo(home / "roll" / "a.png")
    (home / "roll" / "a_matte.png").write_text("somebody's")
    (home / "link.png").symlink_to("roll/a.png")
    assert matted("process", "roll/a.png", *QUICK).returncode == 0
    first = [f"a-2_{kind}.png" for kind in KINDS]
    assert names(home / "roll") == sorted(["a.png", "a_matte.png", *first])
    assert (home / "roll" / "a_matte.png").read_text() == "somebody's"
    assert matted("process", "link.png", *QUICK).returncode == 0
    assert names(home) == sorted(["link.png", "roll", *(f"a_{kind}.png" for kind in KINDS)])


def test_without_a_place_a_folders_results_lie_in_it_and_are_no_photos(
    matted: Matted, home: Path
) -> None:
    write_photo(home / "roll" / "a.png")
    write_photo(home / "roll" / "deep" / "b.png")
    for more in ((), ("--skip-existing",)):
        done = matted("process", "roll", *QUICK, *more)
        assert (done.returncode, done.stderr) == (0, "")
    assert names(home / "roll") == ["a.png", "deep", "matted"]
    assert names(home / "roll" / "matted") == sorted(["deep", *(f"a_{k}.png" for k in KINDS)])
    assert done.stdout.count("its results are there already") == 2


def test_the_pages_of_a_file_are_photos_of_their_own_where_that_is_asked_for(
    matted: Matted, home: Path
) -> None:
    picture = Image.open(write_photo(home / "a.png"))
    picture.save(home / "a.tif", save_all=True, append_images=[picture])
    asked = ("--pages", "all", "--split", "prints", "--turn", "auto")
    done = matted("process", "a.tif", "-o", "out", *QUICK, *asked)
    assert (done.returncode, done.stderr) == (0, "")
    expected = [f"a_{page}_{kind}.png" for page in (1, 2) for kind in KINDS]
    assert names(home / "out") == sorted(expected)
    assert "not cut into prints" in done.stdout
    refused = matted("process", "a.tif", "-o", "out", *QUICK, *asked, "--skip-existing")
    assert refused.returncode != 0
    assert refused.stderr.startswith("matted: --skip-existing: cannot tell whose results")
    assert names(home / "out") == sorted(expected)


def test_a_folder_after_the_photos_is_where_results_go(matted: Matted, home: Path) -> None:
    """As with cp; made if it ends in a slash."""
    for name in "ab":
        write_photo(home / f"{name}.png")
    assert matted("process", "a.png", "b.png", "out/", *QUICK).returncode == 0
    assert names(home / "out") == sorted(f"{stem}_{kind}.png" for stem in "ab" for kind in KINDS)
    (home / "there").mkdir()
    assert matted("process", "a.png", "there", *QUICK).returncode == 0
    assert names(home / "there") == sorted(f"a_{kind}.png" for kind in KINDS)


def test_settings_without_folders_do_and_results_lie_as_without_settings(
    matted: Matted, home: Path
) -> None:
    write_photo(home / "a.png")
    (home / "own.yaml").write_text("profiles: {mine: {preprocess: [], outputs: [matte]}}\n")
    done = matted("process", "a.png", "-o", "out", "--config", "own.yaml", "--profile", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert names(home / "out") == ["a_matte.png"]
    matted("init", "whole.yaml")  # it spells out the built-in profiles
    done = matted("process", "a.png", "-o", "as usual", "--config", "whole.yaml", *QUICK)
    assert done.returncode == 0
    assert names(home / "as usual") == sorted(f"a_{kind}.png" for kind in KINDS)
    assert matted("model", "list", "--config", "own.yaml").returncode == 0
    done = matted("run", "--config", "own.yaml")
    assert "folders is missing" in done.stderr


def test_a_result_folder_that_cannot_be_written_is_said_before_anything_begins(
    matted: Matted, home: Path
) -> None:
    write_photo(home / "a.png")
    (home / "out").mkdir(mode=0o555)
    powers = "-dac_override,-dac_read_search"
    prefix = ("setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}")
    done = matted(
        "process", "a.png", "-o", "out", *QUICK, prefix=prefix if os.geteuid() == 0 else ()
    )
    assert done.returncode == 1
    assert done.stderr.startswith("matted: ")
    assert done.stderr.count("\n") == 1
    assert "Permission denied" in done.stderr
