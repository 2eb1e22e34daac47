"""Names that a disk takes, for those that it does not.

NTFS and exFAT refuse ``? : * " < > |`` and a dot at the end, eCryptfs more than 143 bytes, ZFS and
ext4 with ``casefold`` what is no UTF-8, Windows ``aux.png``. No list of file systems would be right
for long, nor do they answer alike, so that the disk itself is asked: a file of the name is made
out of sight, and removed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from daemon.shelf import below, rehearsal, staging
from daemon.shelf.below import Spot
from daemon.shelf.names import cut, fit, mark

LITTLE_BYTES = 143
"""The longest name on eCryptfs, and so on many an encrypted share."""

HARD = (
    b"Oma: 1950?.png",
    b'"1950" <1>|2*.png',
    b"back\\slash.png",
    b"dot.png.",
    b"blank.png ",
    b"aux.png",
    b"caf\xe9.png",
    "Ω💐.png".encode(),
    b"x" * 200 + b".png",
)
"""Names that some disk does not take, for ``doctor``."""

_PLAIN = re.compile(rb"[A-Za-z0-9_(+-]([A-Za-z0-9_ .,()+~-]*[A-Za-z0-9_)+~-])?")
_RESERVED = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]')
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9])(\..*)?", re.IGNORECASE)


def taken_by(trials: int, component: bytes) -> bytes:
    """The component, or what comes nearest to it of what the disk takes.

    Args:
        trials: an open staging directory on that disk.
        component: of a path.
    """
    if _is_plain(component):
        return component  # nearly always, and nothing was touched
    for candidate in _candidates(component):
        if takes(trials, candidate):
            return candidate
    return component  # then it is not the name; who uses it will hear what it is


def _is_plain(component: bytes) -> bool:
    short = len(component) <= LITTLE_BYTES
    device = _DEVICE.fullmatch(os.fsdecode(component))
    return short and not device and _PLAIN.fullmatch(component) is not None


def _candidates(component: bytes) -> Iterator[bytes]:
    yield component
    text = os.fsdecode(component)
    respelled = os.fsencode(_respelled(text))
    yield respelled
    yield fit(respelled, LITTLE_BYTES, mark(component))
    ascii_only = re.sub(r"[^\x20-\x7e]", "_", _respelled(text)).encode()
    yield fit(ascii_only, LITTLE_BYTES, mark(component))


def _respelled(text: str) -> str:
    """Windows' rules, which are the strictest; each character that is not taken becomes _."""
    text = _RESERVED.sub("_", text)
    kept = text.rstrip(". ")
    text = kept + "_" * (len(text) - len(kept))
    return f"_{text}" if _DEVICE.fullmatch(text) else text


def takes(trials: int, name: bytes) -> bool:
    """Whether a disk takes a name: in a directory of its own, so that a crash leaves none bare."""
    try:
        with staging.on_trial(trials) as inside, below.fresh(Spot(inside, name)):
            return True
    except OSError:
        return False


def replaced(results: Path) -> dict[bytes, bytes]:
    """Of some hard names those that a root's disk does not take, and what it takes instead.

    Leaves nothing behind, whether the daemon has made its staging directory there or not.

    Raises:
        ResultsTrouble: the root cannot be written.
    """
    with rehearsal.lent(results) as inside:
        tried = {name: taken_by(inside, name) for name in HARD}
    return {old: new for old, new in tried.items() if old != new}


def _numbered(name: bytes) -> Iterator[bytes]:
    for number in range(2, 100):
        suffix = f"-{number}".encode()
        yield cut(name, LITTLE_BYTES - len(suffix)) + suffix


def fitted(
    root: int,
    trials: int,
    relative: bytes,
    *,
    aside: bool = False,
    without: Collection[bytes] = (),
) -> bytes:
    """A name below a root with components that its disk takes.

    Args:
        root: the open root.
        trials: see ``taken_by``.
        relative: the wanted name.
        aside: whether sub-folders that are of no use (links, files, closed to us) are gone round,
            into sub-folders with a number.
        without: sub-folders to go round as well: they were of no use a moment ago, and may be
            again a moment later, whatever they look like now.
    """
    *directories, name = [taken_by(trials, part) for part in below.parts(relative)]
    for _ in range(len(directories)) if aside else ():
        index = below.hindrance(root, directories)
        if index is None:
            break
        for other in _numbered(directories[index]):
            tried = [*directories[:index], other]
            if below.hindrance(root, tried) is None:
                directories[index] = other
                break
    if directories and b"/".join(directories) in without:
        others = ([other, *directories[1:]] for other in _numbered(directories[0]))
        usable = (tried for tried in others if below.hindrance(root, tried) is None)
        fresh = (tried for tried in usable if b"/".join(tried) not in without)
        directories = next(fresh, directories)
    return b"/".join([*directories, name])
