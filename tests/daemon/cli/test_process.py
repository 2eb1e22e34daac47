"""``matted process`` with the real engine: what it prints, files, and leaves when interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import family, wait_until, write_photo
from photo_server import serving
from PIL import Image

pytestmark = pytest.mark.usefixtures("people_network")

Matted = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("--profile", "studio-portrait")
KINDS = ("foreground", "matte", "composition")
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


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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


def test_a_run_that_was_interrupted_is_gone_on_with(
    matted: Matted, home: Path, environment: dict[str, str]
) -> None:
    """Not begun anew beside the first results, as -2."""
    done = Interrupted(home, environment, when="first result").files
    write_photo(home / "scans" / "0.jpg")  # wants the same names as 0.png
    again = matted("process", "scans", "-o", "out", *QUICK, "--skip-existing", "--json")
    assert again.returncode == 0
    results = [json.loads(line) for line in again.stdout.splitlines()]
    assert len(results) == 21
    assert sum(one["skipped"] for one in results) == len(done) // len(KINDS)
    stems = ["0-2", *map(str, range(20))]
    assert names(home / "out") == sorted(f"{stem}_{kind}.png" for stem in stems for kind in KINDS)


def test_json_on_a_terminal_is_whole_lines_without_a_bar(
    on_terminal: Callable[..., tuple[int, str]], home: Path
) -> None:
    """Bar and lines were written over each other."""
    for number in range(3):
        write_photo(home / "scans" / f"{number}.png")
    code, written = on_terminal("process", "scans", "-o", "out", "--json", *QUICK, columns=200)
    assert code == 0
    assert [json.loads(line)["error"] for line in written.splitlines()] == [None] * 3


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


class Interrupted:
    """A run that Ctrl-C ended."""

    def __init__(self, home: Path, environment: dict[str, str], *, when: str) -> None:
        for number in range(20):
            write_photo(home / "scans" / f"{number}.png")
        command = [sys.executable, "-m", "daemon", "process", "scans", "-o", "out", *QUICK]
        with subprocess.Popen(
            command,
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        ) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            if when == "first result":
                child.stdout.readline()
            else:
                wait_until(lambda: self.started(child.pid, when))
            self.processes = family(child.pid)
            os.killpg(child.pid, signal.SIGINT)
            self.code = child.wait(30)
            self.stderr = child.stderr.read()
        out = home / "out"
        self.files = sorted(path.name for path in out.iterdir()) if out.exists() else []

    @staticmethod
    def started(pid: int, what: str) -> bool:
        return any(
            what in Path(f"/proc/{one}/cmdline").read_text()
            for one in family(pid)[1:]
            if Path(f"/proc/{one}").exists()
        )


@pytest.mark.parametrize("when", ["matting", "spawn_main", "first result"])
def test_ctrl_c_leaves_whole_results_and_nothing_else(
    home: Path, environment: dict[str, str], when: str
) -> None:
    """While the engine starts, while a photo process starts, and in the middle of the work."""
    ended = Interrupted(home, environment, when=when)
    assert ended.code == 130
    assert ended.stderr == ""
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in ended.processes))
    stems = {name.partition("_")[0] for name in ended.files}
    assert ended.files == sorted(f"{stem}_{kind}.png" for stem in stems for kind in KINDS)
    assert bool(stems) is (when == "first result")
    assert len(stems) < 20
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


def test_ctrl_c_between_two_renames_leaves_no_half_set(
    matted: Matted, home: Path, tmp_path: Path
) -> None:
    """A kernel's view: SIGINT arrives with the second of three files just published."""
    if shutil.which("strace") is None:
        pytest.skip("strace, which times the signal to one system call, is not installed")
    write_photo(home / "a.png")
    inject = "inject=renameat2:signal=SIGINT:when=2"
    calls = ("-e", "trace=renameat2", "-e", inject, "-o", str(tmp_path / "calls"))
    done = matted("process", "a.png", "-o", "out", *QUICK, prefix=("strace", "-f", "-qq", *calls))
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr}")
    assert (done.returncode, done.stderr) == (130, "")
    assert "SIGINT" in (tmp_path / "calls").read_text()
    assert sorted(os.listdir(home / "out")) == sorted(f"a_{kind}.png" for kind in KINDS)


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
