"""The daemon as its users run it: a process of its own, real folders, real signals.

The engine is a stub, so that it can crash and hang on demand; all else is real.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from harness import Daemon, write_photo

Make = Callable[..., Daemon]


def test_a_photo_dropped_in_is_filed_with_all_its_facts(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "roll 7" / "tante emma.png", red=200)
    filed = one.await_("photo.filed")
    (matte,) = one.mattes()
    assert matte.endswith("/roll 7/tante emma_matte.png")
    assert filed["names"] == [matte]
    assert filed["size"] == [64, 48]
    assert (filed["engine"], filed["device"], filed["people"]) == ("stub_engine", "cpu", 1)
    stages = ("read", "decode", "prepare", "matte", "refine", "judge", "encode", "sync", "publish")
    assert tuple(filed["stages_s"]) == stages
    assert filed["took_s"] == pytest.approx(sum(filed["stages_s"].values()), abs=0.01)
    alpha = cv2.imread(str(one.results / matte), cv2.IMREAD_UNCHANGED)
    assert np.all(alpha == 200)
    settled = one.await_("photo.settled")
    assert settled["photo"] == filed["photo"]
    assert one.stop() == 0
    assert one.said("service.stopped")


def test_a_restart_files_nothing_twice_and_forgets_nothing(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    one.stop()
    write_photo(one.inbox / "b.png")
    (one.inbox / "a.png").touch()
    os.chmod(one.inbox / "a.png", 0o600)
    one.start()
    one.await_("photo.filed", path="b.png")
    one.await_("photo.unchanged", path="a.png")
    time.sleep(1.5)
    assert len(one.mattes()) == 2
    assert len(one.said("photo.filed")) == 2


def test_a_photo_replaced_in_place_is_filed_again_beside_the_first(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png", red=10)
    one.await_("photo.filed")
    write_photo(one.inbox / "a.png", red=250)
    one.await_("photo.filed", count=2)
    first, second = one.mattes()
    assert second.endswith("a_matte.png")
    assert first.endswith("a-2_matte.png")


def test_photos_of_one_name_in_two_sub_folders_and_formats_keep_apart(daemon: Make) -> None:
    flat = {"outputs": ["matte"], "file_as": "{stem}_{output}{ext}"}
    one = daemon(profiles={"plain": flat})
    one.start()
    for name in ("a/IMG_1.png", "b/IMG_1.png", "IMG_1.bmp"):
        write_photo(one.inbox / name)
    one.await_("photo.filed", count=3)
    assert one.mattes() == ["IMG_1-2_matte.png", "IMG_1-3_matte.png", "IMG_1_matte.png"]


def test_results_never_overwrite_a_strangers_file(daemon: Make) -> None:
    flat = {"outputs": ["matte", "foreground"], "file_as": "{stem}_{output}{ext}"}
    one = daemon(profiles={"plain": flat})
    one.results.mkdir()
    (one.results / "a_foreground.png").write_text("a stranger's")
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    assert (one.results / "a_foreground.png").read_text() == "a stranger's"
    assert one.mattes() == ["a-2_foreground.png", "a-2_matte.png", "a_foreground.png"]


@pytest.mark.parametrize(("originals", "copies"), [("archive", 1), ("delete", 0)])
def test_originals_go_where_the_settings_say(daemon: Make, originals: str, copies: int) -> None:
    cut_out = {"preprocess": [], "outputs": ["foreground"]}
    folder = {"originals": originals, "archive": "archive"}
    one = daemon(folder=folder, profiles={"plain": cut_out})
    one.start()
    content = write_photo(one.inbox / "sub" / "a.png").read_bytes()
    one.await_("source.disposed")
    assert not (one.inbox / "sub" / "a.png").exists()
    archived = list((one.root / "archive").rglob("a.png"))
    assert [path.read_bytes() for path in archived] == [content] * copies
    assert len(one.mattes()) == 1


def test_a_second_daemon_on_the_same_state_is_refused_in_one_line(daemon: Make) -> None:
    one = daemon()
    one.start()
    command = [sys.executable, "-m", "daemon", "run", "--config", str(one.config)]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert second.returncode == 4
    assert "another matted" in second.stderr
    assert "give this settings file a state_dir of its own" in second.stderr
    assert "Traceback" not in second.stderr
