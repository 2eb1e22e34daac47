"""A real daemon hands on what it files: manifest, hooks and metrics agree with the disk."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Daemon, wait_until, write_photo
from prometheus_client.parser import text_string_to_metric_families

Make = Callable[..., Daemon]


def manifest(one: Daemon) -> list[dict[str, Any]]:
    (path,) = one.results.glob("*/manifest.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_manifest_hooks_and_metrics_agree_with_the_disk_over_a_power_cut(daemon: Make) -> None:
    heard = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"
    one = daemon(manifest=True, metrics={"textfile": "matted.prom", "every_s": 1})
    files = {event: one.root / event for event in ("filed", "quarantined")}
    on = {event: [sys.executable, "-c", heard, str(path)] for event, path in files.items()}
    settings = {"manifest": True, "metrics": {"textfile": "matted.prom", "every_s": 1}, "on": on}
    one.configure({"give_up_s": 0}, settings)
    one.start()
    for number in range(3):
        write_photo(one.inbox / f"{number}.png", red=40 + number)
    (one.inbox / "bad.png").write_bytes(b"no photo at all")
    one.await_("photo.filed", count=3)
    one.await_("photo.quarantined")
    one.kill()  # whatever was handed on by then
    one.start()
    write_photo(one.inbox / "last.png", red=90)
    one.await_("photo.filed", count=4)
    wait_until(lambda: len({line["photo"] for line in manifest(one)}) == 4)
    wait_until(lambda: len(set(files["filed"].read_text().splitlines())) >= 4)
    wait_until(files["quarantined"].exists)
    time.sleep(1.5)
    assert one.stop() == 0
    lines = manifest(one)
    assert len(lines) == 4, "each photo once"
    for line in lines:
        source = one.inbox / line["path"]
        assert line["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
        for result in line["results"]:
            content = (one.results / result["path"]).read_bytes()
            assert (result["bytes"], result["sha256"]) == (
                len(content),
                hashlib.sha256(content).hexdigest(),
            )
    told = [json.loads(line) for line in files["filed"].read_text().splitlines()]
    assert {document["photo"] for document in told} == {line["photo"] for line in lines}
    # Over a power cut a hook may hear of something again, as of what is filed.
    given_up = {json.loads(line)["path"] for line in files["quarantined"].read_text().splitlines()}
    assert given_up == {"bad.png"}
    samples = {
        (sample.name, sample.labels.get("state")): sample.value
        for family in text_string_to_metric_families((one.root / "matted.prom").read_text())
        for sample in family.samples
    }
    assert samples["matted_photos", "filed"] == 4
    assert samples["matted_photos", "failed"] == 1
    assert samples["matted_filed_total", None] == 1, "since the last start"
    assert samples["matted_engine_starts", None] == 1


def test_a_hook_that_hangs_holds_up_neither_photos_nor_the_end(daemon: Make) -> None:
    one = daemon(on={"filed": ["sleep", "600"], "timeout_s": 600})
    one.start()
    for number in range(3):
        write_photo(one.inbox / f"{number}.png")
    one.await_("photo.filed", count=3)
    began_s = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - began_s < 20


def test_hooks_come_and_go_with_a_reload(daemon: Make, tmp_path: Path) -> None:
    one = daemon()
    one.start()
    touched = tmp_path / "touched"
    one.configure({}, {"on": {"filed": ["touch", str(touched)]}})
    assert one.child is not None
    one.child.send_signal(signal.SIGHUP)
    one.await_("settings.reloaded")
    time.sleep(0.5)
    write_photo(one.inbox / "a.png")
    one.await_("hook.run")
    assert touched.exists()
    one.stop()
