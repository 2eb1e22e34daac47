"""``matted process`` with the real engine: what it prints, files, and leaves when interrupted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import write_photo
from photo_server import serving
from typed_commands import KINDS, QUICK, Matted

pytestmark = pytest.mark.usefixtures("people_network")

TAKEN = "JPEG, PNG, TIFF, BMP, WebP, HEIC, AVIF, camera raw, PSD and JPEG 2000"


def test_a_pipe_gets_plain_lines_that_are_never_wrapped(matted: Matted, home: Path) -> None:
    folder = home / "a folder with [bold] a very long name that fills half of a line"
    write_photo(folder / "of pictures" / "photo :smile: with a long name.png")
    (folder / "text.jpg").write_text("Dear Emma, the photo is in the other letter.")
    done = matted("process", folder.name, "-o", "out", *QUICK)
    assert done.returncode == 1
    assert done.stderr == "matted: 1 of 2 failed\n"
    lines = sorted(done.stdout.splitlines())
    stem = "of pictures/photo :smile: with a long name"
    assert lines[:3] == [f"  {home}/out/{stem}_{kind}.png" for kind in sorted(KINDS)]
    warning, photo, text = lines[3:]
    assert warning == "  warning: nobody was found; the matte is empty"
    assert photo.startswith(f"{folder.name}/{stem}.png: 64 x 48, nobody found, ")
    assert text == f"{folder.name}/text.jpg: text is not taken; {TAKEN} are"
    assert all((home / "out" / f"{stem}_{kind}.png").exists() for kind in KINDS)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_a_progress_bar_that_goes_away(
    on_terminal: Callable[..., tuple[int, str]], seen: Any, home: Path, columns: int
) -> None:
    for number in range(2):
        write_photo(home / "scans" / f"{number}.png")
    code, written = on_terminal(
        "process", "scans", "-o", "out", *QUICK, "--no-foreground", columns=columns
    )
    assert code == 0
    for words in ("looking for photos", "starting the engine", "matting", "2/2"):
        assert words in written
    lines = seen(written)
    assert len(lines) == 8
    assert sum(line.startswith("  /") for line in lines) == 4
    assert lines.count("  warning: nobody was found; the matte is empty") == 2
    assert not any("━" in line or "foreground" in line for line in lines)


def test_json_goes_to_standard_output_alone_whatever_the_terminal_shows(
    on_terminal: Callable[..., tuple[int, str]], seen: Any, home: Path
) -> None:
    """A live display on standard error takes standard output over, if it is let."""
    write_photo(home / "a.png")
    name = os.fsdecode(b"latin1 \xfc\n.png")
    write_photo(home / name)
    with (home / "out.json").open("w") as stdout:
        code, written = on_terminal(
            "process", "a.png", name, "nowhere.png", "-o", "out", "--json", *QUICK, stdout=stdout
        )
    assert code == 1
    results = [json.loads(line) for line in (home / "out.json").read_text().splitlines()]
    by_source = {one["source"]: one for one in results}
    assert set(by_source) == {"a.png", "nowhere.png", r"latin1 \xfc\n.png"}
    assert by_source["nowhere.png"]["error"] == "cannot be read: No such file or directory"
    assert by_source["a.png"]["error"] is None
    assert by_source["a.png"]["size"] == [64, 48]
    assert by_source["a.png"]["engine"] == "people"
    assert Path(by_source["a.png"]["files"]["matte"]) == home / "out" / "a_matte.png"
    assert "1 of 3 failed" in "".join(seen(written))
    assert "nowhere.png" not in written


def test_a_second_run_adds_and_a_real_photo_has_its_people_counted(
    matted: Matted, home: Path, made_photos: Path
) -> None:
    photo = made_photos / "astronaut.jpg"
    write_photo(home / "a.png")
    options = ("-o", "out", "--engine", "people", "--no-foreground", *QUICK)
    first = matted("process", photo, "a.png", *options)
    assert (first.returncode, first.stderr) == (0, "")
    assert "astronaut.jpg: " in first.stdout
    assert ", 1 person, " in first.stdout
    second = matted("process", "a.png", *options)
    assert second.returncode == 0
    assert sorted(path.name for path in (home / "out").iterdir()) == [
        f"{stem}_{kind}.png" for stem in ("a-2", "a", "astronaut") for kind in sorted(KINDS[1:])
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "Missing argument 'photos'"),
        (
            ("scans", "empty"),
            2,
            "empty: may be meant as photos or as the place for results",
        ),
        (("a.png", "nowhere"), 1, "1 of 2 failed"),
        (("a.png", "-o", "out", "--profile", "old-foto"), 2, "did you mean old-photo?"),
        (
            ("a.png", "-o", "out", "--engine", "bhsm"),
            2,
            "there is no engine 'bhsm', nor is a model",
        ),
        (("a.png", "-o", "out", "--config", "nowhere.yaml"), 2, "nowhere.yaml: cannot be read"),
        (("scans", "-o", "scans"), 2, "--out {home}/scans: is where photos come from"),
        (("a.png", "-o", "a.png"), 1, "{home}/a.png cannot be made: File exists"),
        (("empty", "-o", "out"), 1, "1 of 1 failed"),
        (
            ("a.png", "-o", "out", "--no-foreground", "--config", "only.yaml", "--profile", "cut"),
            2,
            "--no-foreground: leaves nothing of the profile cut, which has no other outputs",
        ),
    ],
)
def test_misuse_is_said_in_a_line(
    matted: Matted, home: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    write_photo(home / "a.png")
    write_photo(home / "scans" / "a.png")
    (home / "empty").mkdir()
    (home / "only.yaml").write_text(
        "folders: [{watch: in, results: to}]\nprofiles: {cut: {outputs: [foreground]}}\n"
    )
    done = matted("process", *arguments)
    assert done.returncode == code
    assert told.format(home=home) in done.stderr
    assert not (home / "out").exists()


def test_json_on_a_terminal_is_whole_lines_without_a_bar(
    on_terminal: Callable[..., tuple[int, str]], home: Path
) -> None:
    """Bar and lines were written over each other."""
    for number in range(3):
        write_photo(home / "scans" / f"{number}.png")
    code, written = on_terminal("process", "scans", "-o", "out", "--json", *QUICK, columns=200)
    assert code == 0
    assert [json.loads(line)["error"] for line in written.splitlines()] == [None] * 3


def test_neither_output_tells_a_password_or_a_signature(matted: Matted, home: Path) -> None:
    """Whether the photo comes or not, and in JSON as for people."""
    photo = write_photo(home / "a.png").read_bytes()
    with serving({"/a.png?key=geheim": photo}) as address:
        secret = address.replace("http://", "http://emma:geheim@")
        given = (f"{secret}/a.png?key=geheim", f"{secret}/b.png?key=geheim", "ftp://e:geheim@h/a")
        done = [matted("process", *given, "-o", "out", *QUICK, *how) for how in ((), ("--json",))]
    for one in done:
        assert one.returncode == 1
        assert "geheim" not in one.stdout + one.stderr
        assert f"{address}/a.png" in one.stdout
        assert "the server answers 404" in one.stdout
        assert "only http and https addresses are fetched" in one.stdout
    assert not any("geheim" in str(path) for path in home.rglob("*"))
