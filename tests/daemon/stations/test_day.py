"""A day with two stations that are killed and come back, and everything is filed once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from harness import STUBS, Daemon, wait_until, write_photo
from station_stand_ins import WORKFLOW

Make = Callable[..., Daemon]
PHOTOS = 6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Child:
    """A program that is killed and started again."""

    def __init__(self, *command: str) -> None:
        self.command = command
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "no_proxy": "*"}
        self.process = subprocess.Popen(self.command, env=environment, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def settings(root: Path, port: int) -> tuple[dict[str, object], dict[str, object]]:
    for name in ("to", "back"):
        (root / name).mkdir()
    (root / "workflow.json").write_text(json.dumps(WORKFLOW))
    folder = {"name": "restored", "send": "foreground", "to": "to", "back": "back"}
    address = f"http://127.0.0.1:{port}"
    comfyui = {"name": "scenery", "address": address, "workflow": "workflow.json"}
    handover = [
        {"folder": {**folder, "settle_s": 0.3, "timeout_s": 10}},
        {"comfyui": {**comfyui, "poll_s": 0.1, "timeout_s": 20, "blend": "background"}},
    ]
    outputs = ["foreground", "matte"]
    plain = {"preprocess": [], "outputs": outputs, "file_as": "{stem}_{output}{ext}"}
    return {"handover": handover}, {"profiles": {"plain": plain}}


def test_two_stations_killed_and_restarted_lose_and_double_nothing(daemon: Make) -> None:
    one = daemon()
    port = free_port()
    one.configure(*settings(one.root, port))
    one.start()
    stand_ins = str(STUBS / "station_stand_ins.py")
    program = "from daemon.cli import main; main()"
    stations = Child(sys.executable, "-c", program, "stations", "--config", str(one.config))
    folders = [str(one.root / name) for name in ("to", "back")]
    hot_folder = Child(sys.executable, stand_ins, "hot-folder", *folders)
    comfyui = Child(sys.executable, stand_ins, "comfyui", str(port))
    children = [stations, hot_folder, comfyui]

    def answers() -> list[str]:
        return [name for name in one.mattes() if "restored" in name or "scenery" in name]

    try:
        wait_until((one.root / "state" / "stations.sqlite").exists)
        for number in range(PHOTOS):
            write_photo(one.inbox / f"{number}.png", red=40 * number)
            one.await_("photo.filed", count=number + 1)  # whoever is dead holds up no filing
            first, second = children[number % 3], children[(number + 1) % 3]
            first.kill()
            second.kill()
            first.start()
            second.start()
        wait_until(lambda: len(answers()) >= 2 * PHOTOS, within_s=120)
        wait_until(lambda: not any((one.root / "to").iterdir()))
    finally:
        for child in children:
            child.kill()
        assert one.stop() == 0
    wanted = {f"{n}_{each}.png" for n in range(PHOTOS) for each in ("restored", "scenery")}
    own = {f"{n}_{each}.png" for n in range(PHOTOS) for each in ("foreground", "matte")}
    assert set(one.mattes()) == wanted | own
    assert not one.reports()
    assert len([*one.inbox.iterdir()]) == PHOTOS, "originals are kept"
    for name in wanted:
        back = cv2.imread(str(one.results / name))
        assert back.shape == (48, 64, 3), name
        if "restored" in name:
            assert np.all(back[:, :, 2] == 255), name
