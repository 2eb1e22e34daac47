"""A daemon takes new settings over at a signal, and goes on with the old if they are bad."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import networks
import numpy as np
from harness import Daemon, write_photo

Make = Callable[..., Daemon]


def test_a_reload_takes_new_folders_and_a_bad_file_changes_nothing(daemon: Make) -> None:
    one = daemon()
    one.start()
    assert one.child is not None
    good = one.config.read_text()
    one.config.write_text("folders: [{watch: inbox, resluts: x}]")
    one.child.send_signal(signal.SIGHUP)
    refused = one.await_("settings.refused")
    assert any("did you mean results?" in fault for fault in refused["faults"])
    (one.root / "second").mkdir()
    more = good.replace("folders:\n", "folders:\n- {watch: second, results: results}\n")
    one.config.write_text(more)
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")
    write_photo(one.root / "second" / "b.png")
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed", path="a.png")
    one.await_("photo.filed", path="b.png")


def test_a_reload_takes_another_refiner_and_not_one_that_is_not_installed(daemon: Make) -> None:
    def with_refiner(name: str) -> dict[str, object]:
        return {"preprocess": [], "matting": {"refiner": name}, "outputs": ["matte"]}

    def reload(name: str) -> None:
        assert one.child is not None
        one.configure({}, {"models": models, "profiles": {"plain": with_refiner(name)}})
        one.child.send_signal(signal.SIGHUP)

    models = {name: {"trimap": "plane", "size": [256, 256]} for name in ("mine", "absent")}
    one = daemon(models=models, profiles={"plain": with_refiner("none")})
    network = one.root / "mine.onnx"
    network.write_bytes(networks.refining(4, (0, 1, 0, 0), (256, 256)))
    install = [sys.executable, "-m", "daemon", "model", "install", "mine", "--from", str(network)]
    subprocess.run([*install, "--config", str(one.config)], check=True, capture_output=True)
    one.start()
    write_half(one.inbox / "a.png")
    assert one.await_("photo.filed", path="a.png")["refiner"] == "none"
    reload("absent")
    refused = one.await_("settings.refused")
    assert any("the model absent is not installed: `" in fault for fault in refused["faults"])
    write_half(one.inbox / "b.png")
    assert one.await_("photo.filed", path="b.png")["refiner"] == "none"
    reload("mine")
    one.await_("settings.reloaded")
    write_half(one.inbox / "c.png")
    filed = one.await_("photo.filed", path="c.png")
    assert (filed["refiner"], filed["tiles"], filed.get("warnings")) == ("mine", 1, None)
    reload("closed-form")
    one.await_("settings.reloaded", count=2)
    write_half(one.inbox / "d.png")
    assert one.await_("photo.filed", path="d.png")["refiner"] == "closed-form"


def write_half(path: Path) -> None:
    """A photo of whose left half the stub makes a person."""
    pixels = np.full((96, 128, 3), 77, np.uint8)
    pixels[..., 2] = np.where(np.arange(128) < 64, 255, 0)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def test_no_settings_whatever_end_a_daemon_that_runs(daemon: Make) -> None:
    """Each of these once did at a SIGHUP, with a traceback and without a word about photos."""
    one = daemon()
    one.start()
    assert one.child is not None
    good = one.config.read_text()
    (one.root / "circle").symlink_to("circle")
    bombs = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    broken = [
        good.replace("watch: inbox", "watch: ~nosuchuser/inbox"),
        good.replace("watch: inbox", "watch: circle/inbox"),
        good.replace("watch: inbox", 'watch: "in\\0box"'),
        good.replace("results: results", "results: inbox2/file/results"),
        good + "x: &a [*a]\n",
        good + f"a0: &a0 [x]\n{bombs}",
        good.replace("workers: 1", "workers: 0"),
        good.replace("workers: 1", "workers: -1"),
        good + "limits: {photo_memory_mb: 0}\n",
        "",
        "\0",
    ]
    (one.root / "inbox2").mkdir()
    (one.root / "inbox2" / "file").write_text("a file where a folder should be")
    for number, text in enumerate(broken, 1):
        one.config.write_text(text)
        one.child.send_signal(signal.SIGHUP)
        refused = one.await_("settings.refused", count=number)
        assert refused["faults"]
        assert "exception" not in refused, refused
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    one.config.write_text(good)
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")


def test_a_folder_that_a_reload_drops_takes_its_photos_with_it_until_it_is_back(
    daemon: Make,
) -> None:
    engine = {"matte_s": 1.5, "when_red": {"66": "exit"}}
    one = daemon(engine=engine)
    both = one.config.read_text().replace(
        "folders:\n",
        "folders:\n- {watch: second, results: results, settle_s: 0.3, profile: plain}\n",
    )
    (one.root / "second").mkdir()
    only_first = one.config.read_text()
    one.config.write_text(both)
    one.start()
    assert one.child is not None
    write_photo(one.root / "second" / "fails at first.png", red=66)
    one.await_("photo.started")
    one.config.write_text(only_first)
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")
    one.await_("photo.retried", path="fails at first.png")
    write_photo(one.inbox / "first.png", red=99)
    one.await_("photo.filed", path="first.png")
    time.sleep(3)
    assert len(one.said("photo.started", path="fails at first.png")) == 1
    one.config.write_text(both)
    one.child.send_signal(signal.SIGHUP)
    one.await_("photo.started", path="fails at first.png", count=2)
