"""``matted run``: the verb; what the daemon does is tested with its service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import family, wait_until, write_photo

COMMAND = sys.executable, "-m", "daemon", "run"
Matted = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (None, ("matted.yaml: cannot be read: No such file or directory",)),
        ("", ("is empty; `matted init` writes one",)),
        ("folders: [", ("not valid YAML",)),
        ("folders: [{watch: a, resluts: b}]\nworkers: x", ("did you mean results?", "workers")),
    ],
)
def test_settings_that_are_wrong_are_one_clear_report(
    matted: Matted, home: Path, settings: str | None, told: tuple[str, ...]
) -> None:
    if settings is not None:
        (home / "matted.yaml").write_text(settings)
    done = matted("run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("matted: matted.yaml: ")
    for words in told:
        assert words in done.stderr
    assert sorted(path.name for path in home.iterdir()) == ["matted.yaml"] * (settings is not None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_files_photos_until_it_is_told_to_stop(
    home: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    """Ctrl-C goes to all processes of a terminal at once, so SIGINT goes to the whole group."""
    (home / "mine.yaml").write_text(
        "state_dir: state\n"
        "folders: [{watch: inbox, results: results, settle_s: 0.3, profile: studio-portrait}]\n"
    )
    write_photo(home / "inbox" / "a.png")
    with subprocess.Popen(
        [*COMMAND, "--config", "mine.yaml"],
        cwd=home,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        assert child.stderr is not None
        lines = []
        for line in child.stderr:
            lines.append(line)
            if "photo.filed" in line:
                break
        processes = family(child.pid)
        if number is signal.SIGINT:
            os.killpg(child.pid, number)
        else:
            child.send_signal(number)
        lines += child.stderr.readlines()
        assert child.wait(30) == 0
    events = [json.loads(line)["event"] for line in lines]
    assert events[0] == "service.started"
    assert events[-1] == "service.stopped"
    assert "engine.crashed" not in events
    assert len(list((home / "results").rglob("a_*.png"))) == 3
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    assert list(Path(environment["TMPDIR"]).iterdir()) == []
