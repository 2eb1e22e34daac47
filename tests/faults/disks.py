"""Real disks that can be filled, taken away and exchanged. Only root can make them."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sending import tool

_PAGE = 4096


def mount(*arguments: str | Path) -> None:
    """Run mount; the test is skipped, loudly, where that is not allowed."""
    command = ["mount", *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"NOT TESTED: only root can mount here: {done.stderr.strip()}")


def remount(at: Path, options: str) -> None:
    """Change a mounted disk."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(at)], check=True)


def unmount(at: Path) -> None:
    """Take it away, even from under those who use it; nothing happens if it is not there."""
    # os.path.ismount is blind to bind mounts, mountpoint(1) to those whose server has died.
    if f" {at} " in Path("/proc/self/mountinfo").read_text():
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextlib.contextmanager
def tmpfs(at: Path, *, size: str = "1m", source: str = "disk") -> Iterator[Path]:
    """A small disk."""
    at.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", source, at)
    try:
        yield at
    finally:
        unmount(at)


@contextlib.contextmanager
def image(
    file: Path,
    at: Path,
    *,
    make: Sequence[str] = (),
    options: Sequence[str] = ("-o", "loop"),
    megabytes: int = 8,
) -> Iterator[Path]:
    """A disk whose content stays when it is taken away, as that of a memory card.

    Args:
        file: what lies on it.
        at: where it is mounted.
        make: the command that formats it; ext4, if there is none.
        options: for mount.
        megabytes: its size.
    """
    at.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        with file.open("wb") as made:
            made.truncate(megabytes << 20)
        command = make or [tool("mkfs.ext4", "e2fsprogs"), "-q"]
        subprocess.run([*command, str(file)], check=True, capture_output=True)
    mount(*options, file, at)
    try:
        yield at
    finally:
        unmount(at)


def fill(disk: Path, *, leave_pages: int) -> None:
    """Fill a tmpfs until only so many files of up to 4 KiB find room."""
    with contextlib.suppress(OSError), (disk / "somebody else's").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(_PAGE))
    os.truncate(disk / "somebody else's", (disk / "somebody else's").stat().st_size)
    left = os.statvfs(disk).f_bavail
    size = (disk / "somebody else's").stat().st_size
    os.truncate(disk / "somebody else's", size - (leave_pages - left) * _PAGE)
