"""A disk that is really full, at every stage of filing; once there is room, all goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MOUNTED = ["unshare", "--map-root-user", "--mount"]

FILING = '''
import contextlib, os, sys
from pathlib import Path
from daemon.errors import ResultsTrouble
from daemon.photo import Photo, Version
from daemon.shelf import rehearsal, staging
from daemon.shelf.publish import publish
from daemon.shelf.quarantine import quarantine

results, full_when = Path(sys.argv[1]), sys.argv[2]
photo = Photo(1, "/in", b"a.jpg", Version(1, 2, 3, 4), 1, 0.0, tries=1)
names = [b"day/a_matte.png", b"other/a_cut.png"]

def fill():
    """Not a byte and not an inode is left."""
    with contextlib.suppress(OSError), open(results / "filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with contextlib.suppress(OSError):
        for number in range(10_000):
            (results / f"filler{number}").touch()

def visible():
    return sorted(
        str(path.relative_to(results)) for path in results.rglob("*")
        if path.is_file() and "filler" not in path.name and ".matted-staging" not in path.parts
    )

def step(name, act):
    """Do it; where the disk is to be full, see that this is said, make room and do it again."""
    if name == full_when:
        before = visible()
        fill()
        try:
            act()
        except ResultsTrouble as trouble:
            print(name, trouble, sep=": ")
        assert visible() == before, visible()
        for filler in results.glob("filler*"):
            filler.unlink()
    return act()

staging.establish(results, lambda _: None)
stage = step("stage", lambda: staging.stage(results, photo))
files = [stage + b"/0.png", stage + b"/1.png"]
for path in files:
    Path(os.fsdecode(path)).write_bytes(bytes(20_000))
plan = staging.seal(results, files, names)
step("publish", lambda: publish(plan))
assert visible() == sorted(map(os.fsdecode, names))
step("check", lambda: rehearsal.check(results))
step("quarantine", lambda: quarantine(results, photo, {}, move_original=False))
assert len(visible()) == 3
'''


@pytest.mark.parametrize("full_when", ["stage", "publish", "check", "quarantine"])
def test_a_full_disk_is_said_to_be_and_everything_resumes(tmp_path: Path, full_when: str) -> None:
    if subprocess.run([*MOUNTED, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system of our own may be mounted here")
    mount = 'mount -t tmpfs -o size=256k,nr_inodes=40 tmpfs "$1" && exec "$0" -c "$3" "$1" "$2"'
    command = [*MOUNTED, "sh", "-c", mount, sys.executable, str(tmp_path), full_when, FILING]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{full_when}: ")
    assert "No space left on device" in done.stdout
