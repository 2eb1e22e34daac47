"""Somebody's command ends in time, whatever it does, and all that it started with it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from daemon.machine.command import Ended, run

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def python(program: str, *, timeout_s: float = 20.0, document: bytes = b"{}\n", **named) -> Ended:
    command = (sys.executable, "-c", program)
    return run(command, document, environment=ENVIRONMENT, timeout_s=timeout_s, **named)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_reads_the_document_and_its_last_line_is_kept() -> None:
    document = json.dumps({"photo": 7}).encode() + b"\n"
    ended = python(
        "import json,sys; print('first'); print(json.load(sys.stdin)['photo'])", document=document
    )
    assert (ended.code, ended.reason, ended.said) == (0, None, "7")


def test_a_document_larger_than_any_pipe_blocks_nobody_who_does_not_read_it() -> None:
    ended = python("print('never read it')", document=b"x" * (4 << 20))
    assert (ended.code, ended.said) == (0, "never read it")


def test_one_that_fails_says_so_with_its_last_words() -> None:
    ended = python("import sys; print('no such station', file=sys.stderr); sys.exit(3)")
    assert (ended.code, ended.reason, ended.said) == (3, "ended with 3", "no such station")


def test_one_that_is_not_there_is_told_in_one_line() -> None:
    ended = run(("/no/such/program",), b"", environment=ENVIRONMENT, timeout_s=1)
    assert ended.reason == "cannot be started: No such file or directory"


def test_one_that_hangs_is_killed_in_time() -> None:
    began_s = time.monotonic()
    ended = python("import time; print('waits', flush=True); time.sleep(60)", timeout_s=1)
    assert time.monotonic() - began_s < 10
    assert (ended.reason, ended.said) == ("was killed after 1 s", "waits")


def test_one_that_closes_its_outputs_and_hangs_is_killed_too() -> None:
    program = "import os,time; os.close(1); os.close(2); time.sleep(60)"
    assert python(program, timeout_s=1).reason == "was killed after 1 s"


def test_one_that_talks_without_end_takes_no_memory_and_is_killed() -> None:
    program = "while True: print('x' * 65536)"
    ended = python(program, timeout_s=1)
    assert ended.reason == "was killed after 1 s"
    assert len(ended.said) <= 2000


@pytest.mark.parametrize("ends", ["sys.exit(0)", "time.sleep(60)"])
def test_children_that_it_leaves_behind_end_with_it(ends: str, tmp_path: Path) -> None:
    left = tmp_path / "left"
    program = (
        "import os,subprocess,sys,time\n"
        "child = subprocess.Popen(['sleep', '60'])\n"  # and holds the outputs open
        f"open({str(left)!r}, 'w').write(str(child.pid))\n{ends}"
    )
    began_s = time.monotonic()
    python(program, timeout_s=2)
    assert time.monotonic() - began_s < 10
    deadline_s = time.monotonic() + 5
    while is_running(int(left.read_text())):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_it_is_ended_at_once_when_we_are() -> None:
    stopping = threading.Event()
    threading.Timer(0.5, stopping.set).start()
    began_s = time.monotonic()
    ended = python("import time; time.sleep(60)", stopped=stopping.is_set)
    assert ended.stopped
    assert time.monotonic() - began_s < 10


def test_what_it_says_cannot_harm_a_terminal() -> None:
    assert "\x1b" not in python(r"print('\x1b[2Jred')").said
