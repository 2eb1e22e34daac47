"""Programs that fill a folder: the whole picture is found among all that they write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

STAND_IN = """
import argparse, pathlib, shutil, sys
parser = argparse.ArgumentParser()
parser.add_argument(sys.argv[1]); parser.add_argument(sys.argv[2])
shape, given = sys.argv[3], vars(parser.parse_args(sys.argv[4:]))
inside, out = (pathlib.Path(value) for value in given.values())
for picture in inside.iterdir():
    stem = picture.stem
    if shape == "gpen":
        names = [f"{stem}_COMP.png", f"{stem}_face00.png", f"{stem}.png"]
    elif shape == "gfpgan":
        names = [f"cropped_faces/{stem}_00.png", f"cmp/{stem}_00.png", f"restored_imgs/{stem}.png"]
    elif shape == "codeformer":
        names = [f"restored_faces/{stem}_00.png", f"final_results/{stem}.png"]
    else:
        names = ["another.png"]
    for name in names:
        (out / name).parent.mkdir(exist_ok=True)
        whole = name.endswith(f"{stem}.png")
        (out / name).write_bytes(picture.read_bytes() if whole else b"a part")
"""


@pytest.mark.parametrize(
    ("shape", "flags"),
    [("gpen", ["--indir", "--outdir"]), ("gfpgan", ["-i", "-o"]), ("codeformer", ["-i", "-o"])],
)
def test_the_whole_picture_is_found(
    house: Any, shape: str, flags: list[str], tmp_path: Path
) -> None:
    program = tmp_path / "station.py"
    program.write_text(STAND_IN)
    command = [sys.executable, str(program), *flags, shape]
    assert house.asked("gpen", command=command, flags=flags) == "filed"
    assert (house.answer() == house.photo).all()


def test_a_folder_with_other_pictures_alone_is_no_answer(house: Any, tmp_path: Path) -> None:
    program = tmp_path / "station.py"
    program.write_text(STAND_IN)
    told = house.asked(
        "gpen", command=[sys.executable, str(program), "--indir", "--outdir", "other"]
    )
    assert told == "it ended well and wrote no picture of that name; tried 2 times"
