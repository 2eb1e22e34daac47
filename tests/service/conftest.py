"""One booted machine for all tests of the service, on which it is installed as users do it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import Machine, Unavailable
from place import SOURCE, Place

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Booted, with matted installed and enabled before: it starts with the machine."""
    try:
        one = Machine(tmp_path_factory.mktemp("machine"))
    except Unavailable as error:
        pytest.skip(f"NOT TESTED, THE SERVICE ON A BOOTED SYSTEMD: {error}")
    try:
        copy_source(one.root / SOURCE[1:])
        one.chroot(f"cd {SOURCE} && make install && systemctl enable matted")
        try:
            one.boot()
        except Unavailable as error:
            pytest.skip(f"NOT TESTED, THE SERVICE ON A BOOTED SYSTEMD: {error}")
        yield one
    finally:
        one.stop()


def copy_source(to: Path) -> None:
    """What a user gets: the files of the repository and nothing that was built from them."""
    to.mkdir(parents=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True).stdout
    there = b"\0".join(name for name in names.split(b"\0") if (REPOSITORY / name.decode()).exists())
    packed = ["tar", "--create", "--null", "--files-from=-"]
    with subprocess.Popen(
        packed, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as tar:
        assert tar.stdin is not None
        tar.stdin.write(there)
        tar.stdin.close()
        subprocess.run(["tar", "--extract"], cwd=to, check=True, stdin=tar.stdout)


@pytest.fixture
def place(machine: Machine) -> Iterator[Place]:
    """The service as installed, quick settings, nothing in its folders, not running."""
    one = Place(machine)
    one.clear()
    yield one
    one.clear()
