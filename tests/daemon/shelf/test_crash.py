"""The promise, kept by a process that is killed before any of its steps.

Each scenario files or quarantines one photo in a child that kills itself, with SIGKILL, before its
N-th call that changes the disk, for every N there is. Then it is done again from what was left, and
the promise is audited, before and after. Calls are counted, never replaced.
"""

from __future__ import annotations

import itertools
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from killed_filing import OUTPUTS, House, turned, turned_under

from daemon.machine.instance import place


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Where syncing to disk costs nothing: a killed process, unlike a power cut, needs no disk."""
    shm = Path("/dev/shm")  # noqa: S108 - the one other file system that nearly every machine has
    if not shm.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shm) as folder:
        yield Path(folder)


SCENARIOS: dict[str, dict[str, Any]] = {
    "keep": {"originals": "keep"},
    "archive": {"originals": "archive"},
    "delete": {"originals": "delete"},
    "hard links": {"originals": "delete", "links": True},
    "quarantine": {"originals": "keep", "bad": True},
    "quarantine, original moved": {"originals": "archive", "bad": True},
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_promise_holds_whenever_the_process_is_killed(memory: Path, scenario: str) -> None:
    for kill_at in itertools.count(1):
        root = memory / str(kill_at)
        house = House(root, root / "archive", **SCENARIOS[scenario])
        root.mkdir()
        house.build()
        lived = turned(house, kill_at=kill_at)
        house.audit(finished=lived)
        assert turned(house, kill_at=None)
        house.audit(finished=True)
        if lived:
            break
    assert kill_at > 10, "nothing was counted"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_promise_holds_when_recovery_is_killed_too(memory: Path, scenario: str) -> None:
    chance = random.Random(scenario)
    for number in range(12):
        root = memory / str(number)
        house = House(root, root / "archive", **SCENARIOS[scenario])
        root.mkdir()
        house.build()
        for _ in range(6):
            if turned(house, kill_at=chance.randint(1, 40)):
                break
            house.audit(finished=False)
        assert turned(house, kill_at=None)
        house.audit(finished=True)


def test_the_promise_holds_when_the_archive_is_on_another_disk(
    memory: Path, tmp_path: Path
) -> None:
    if memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system")
    for kill_at in itertools.count(1):
        root = memory / str(kill_at)
        root.mkdir()
        house = House(root, tmp_path / str(kill_at), originals="archive")
        house.build()
        lived = turned(house, kill_at=kill_at)
        house.audit(finished=lived)
        assert turned(house, kill_at=None)
        house.audit(finished=True)
        if lived:
            break


def where(handle: int) -> str:
    return os.readlink(f"/proc/self/fd/{handle}")


def test_everything_is_synced_before_what_relies_on_it(tmp_path: Path) -> None:
    """A kill leaves the kernel's memory alone, a power cut does not: here the order must speak."""
    house = House(tmp_path / "house", tmp_path / "archive", originals="archive")
    house.root.mkdir()
    house.build()
    journal = tmp_path / "journal"
    wanted = house.results / "2026-03-01" / "sub"

    def before_each(name: str, args: tuple[Any, ...]) -> None:
        match name, args:
            case "fsync", (handle,):
                paths = [where(handle)]
            case "rename", (source, old, target, new, _):
                paths = [
                    f"{where(source)}/{os.fsdecode(old)}",
                    f"{where(target)}/{os.fsdecode(new)}",
                ]
            case _:
                paths = []
        entry = " ".join([name, *paths])
        with journal.open("a") as file:
            file.write(
                entry.replace(f"{tmp_path}/", "").replace(f"-{os.getpid()}-{place()}", "") + "\n"
            )

    assert turned_under(house, before_each)
    lines = journal.read_text().splitlines()
    staged = "house/results/.matted-staging/1-1"
    first, last = (
        [index for index, line in enumerate(lines) if line.startswith(f"rename {staged}")][end]
        for end in (0, -1)
    )
    commits = [index for index, line in enumerate(lines) if line == "commit"]
    taken = lines.index("rename house/inbox/sub/a.jpg house/inbox/sub/.matted-1-a.jpg")
    for number in range(len(OUTPUTS)):
        assert lines.index(f"fsync {staged}/{number}.png") < first, "content before names"
    assert any(lines.index(f"fsync {staged}") < commit < first for commit in commits), "plan"
    directory = lines.index(f"fsync {wanted.relative_to(tmp_path)}", last)
    assert any(directory < commit < taken for commit in commits), "filed, then disposed of"
    archived = lines.index("fsync archive/2026-03-01/sub", taken)
    assert any(archived < commit for commit in commits), "disposed of, then forgotten"
