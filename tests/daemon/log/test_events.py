"""Logs: one event a line, facts as fields, in the form that the reader of the stream can use."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

from daemon.log import events
from daemon.log.events import Event

PROGRAM = """
from pathlib import Path
from daemon.log.events import Event, set_up
log = set_up()
log.info(Event.PHOTO_FILED, photo=17, path=b"a\\nb\\xff.jpg", took_s=1.23456, folder=Path("/in"))
log.debug(Event.FILE_IGNORED, path="x")
"""


def said_into_a_pipe(program: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, check=True, text=True
    )
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_pipe_gets_one_json_object_a_line() -> None:
    (fact,) = said_into_a_pipe(PROGRAM)
    assert fact["event"] == "photo.filed"
    assert fact["photo"] == 17
    assert fact["path"] == "a\\nb\\xff.jpg"
    assert fact["folder"] == "/in"
    assert fact["level"] == "info"
    assert fact["timestamp"]


def test_a_terminal_gets_text_with_rounded_times() -> None:
    reader, writer = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=writer) as child:
        os.close(writer)
        text = os.read(reader, 4096).decode()
        child.wait()
    os.close(reader)
    assert "photo.filed" in text
    assert "1.23" in text
    assert "1.2345" not in text
    assert not text.startswith("{")


def test_the_journal_is_recognised_by_its_stream(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        stat = os.fstat(stream.fileno())
        mine = {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
        assert events.under_journal(stream, mine)
        assert not events.under_journal(stream, {"JOURNAL_STREAM": "1:2"})
        assert not events.under_journal(stream, {})


def test_event_names_are_dotted_and_each_is_used() -> None:
    processes = Path(events.__file__).parents[2] / "matting" / "process"
    source = "\n".join(
        path.read_text() for path in Path(events.__file__).parents[1].rglob("*.py")
    ) + "\n".join(path.read_text() for path in sorted(processes.glob("*.py")))
    for event in Event:
        assert event.count(".") == 1
        assert f"Event.{event.name}" in source or f'"{event}"' in source.replace(
            f'{event.name} = "{event}"', ""
        ), f"nothing ever says {event}"


def test_a_log_that_cannot_be_written_ends_nothing() -> None:
    """A full disk; what becomes of photos must not depend on whether it can be told."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", f"{PROGRAM}print('went on')"],
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )
    assert done.stdout == b"went on\n"
