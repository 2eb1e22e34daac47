"""What is opened on the way to a station and back may kill a photo process, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pyvips
from harness import family

COPY = [sys.executable, "-c", "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"]
COPY += ["{picture}", "{answer}"]


@pytest.fixture(autouse=True)
def _opened_here() -> None:
    """Real photo processes, other than all other tests of stations have."""


def answers(house: Any) -> list[str]:
    """A station that answers with a sound PNG, small as a file, of 324 MB when it is opened."""
    large = house.root / "large.png"
    pyvips.Image.black(12_000, 9_000, bands=3).pngsave(str(large), compression=1)
    house.max_pixels = 10**9
    program = f"import sys, shutil; shutil.copy({str(large)!r}, sys.argv[1])"
    return [sys.executable, "-c", program, "{answer}"]


def at_work(pid: int) -> bool:
    """Whether a process is a photo process that has a picture open; it is named after that then."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().startswith("10995116277")
    return False


def test_an_answer_that_needs_too_much_memory_is_given_up(house: Any) -> None:
    house.place = replace(house.place, memory_bytes=400 << 20)
    told = house.asked("command", command=answers(house), size="any")
    assert "tried 2 times" in told
    assert house.filed() == []
    assert len(house.reports()) == 1


@pytest.mark.parametrize(
    ("number", "timeout_s", "end"),
    [
        (signal.SIGKILL, 30, "was killed by SIGKILL"),
        (signal.SIGSTOP, 4, "was killed after 4 s"),  # as one that takes for ever
    ],
)
def test_one_that_kills_or_holds_whoever_opens_it_ends_no_station(
    house: Any, number: signal.Signals, timeout_s: float, end: str
) -> None:
    """It would have ended the program, and with it all stations, or held them up."""
    house.place = replace(house.place, timeout_s=timeout_s)
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:  # as the kernel does where memory is short; or it hangs
        while not over.wait(0.02):
            for pid in filter(at_work, family(os.getpid())):
                if list((house.root / "work").glob("*/answer.png")):
                    with suppress(ProcessLookupError):  # it has been killed and is gone by now
                        os.kill(pid, number)
                        killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        told = house.asked("command", command=answers(house), size="any")
    finally:
        over.set()
        thread.join()
    assert told == f"its answer was too much: the photo process {end}; tried 2 times"
    assert len(set(killed)) == 2
    house.workers[0].stop()
    house.book.add("b" * 32, 1, ["station"], house.document, time.time())
    house.worker("command", command=COPY).start()
    assert house.ended() == "filed"


def test_no_process_stays_where_there_is_nothing_to_do(house: Any, await_: Any) -> None:
    before = len(family(os.getpid()))
    assert house.asked("command", command=COPY) == "filed"
    await_(lambda: len(family(os.getpid())) <= before)


def test_the_program_itself_loads_no_picture_library() -> None:
    program = (
        "import sys, daemon.stations.running; "
        "print(*sorted({'cv2', 'numpy', 'pyvips'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
