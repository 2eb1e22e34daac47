"""All that a process told before it died is known after its end."""

import os
import sys
import time

import pytest

from matting.process import launch
from matting.process.child import EngineProcess
from matting.process.host import EngineSpec

DYING = """#!{python}
import os, sys
fd = int(sys.argv[sys.argv.index("--status-fd") + 1])
os.write(fd, b'{{"ready": {{"pid": 1}}}}\\n{{"begin": "7", "timeout_s": 5, "at_s": 1.5}}\\n')
os.write(fd, b'not json\\n[]\\n3\\n{{}}\\n{{"begin": "8"}}\\n{{"end": "trunc')
os.write(2, b"x" * 50000 + b"\\ncaf\\xe9 \\x1b[31m\\nno newline at the end")
os.abort()
"""


@pytest.fixture
def process(tmp_path):
    """A process that told a lot, and nonsense too, and died while nobody listened."""
    python = tmp_path / "python"
    python.write_text(DYING.format(python=sys.executable))
    python.chmod(0o755)
    wake_fd = os.eventfd(0)
    place = launch.prepare(tmp_path)
    process = EngineProcess(EngineSpec("x", python=str(python)), place, wake_fd)
    os.close(wake_fd)
    while process._child.poll() is None:
        time.sleep(0.01)
    process.news = list(process.end())  # type: ignore[attr-defined] # for the tests to look at
    return process


def test_the_photo_at_work_is_known_although_nobody_listened_in_time(process):
    assert process.hello == {"pid": 1}
    assert process.work.photo == process.blamed == "7"
    assert process.work.due_s == 6.5
    assert process.facts()["photo"] == "7"
    assert process.facts()["signal"] == "SIGABRT"
    assert process.how_it_ended() == "the engine process was killed by SIGABRT"


def test_nonsense_in_the_status_pipe_is_only_said(process):
    said = [value for kind, value in process.news if kind == "said"]
    assert [line for line in said if line.startswith("not a status line")] == [
        "not a status line: not json",
        "not a status line: []",
        "not a status line: 3",
        "not a status line: {}",
        'not a status line: {"begin": "8"}',
        'not a status line: {"end": "trunc',
    ]


def test_last_words_are_lines_that_a_log_can_take(process):
    words = list(process.last_words)
    assert words[0] == "x" * 50000
    assert words[1] == r"caf\xe9 \x1b[31m"
    assert words[2] == "no newline at the end"
