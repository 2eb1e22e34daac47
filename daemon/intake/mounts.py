"""What a folder is mounted from, and whether its file system tells us about changes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

SILENT = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "virtiofs", "ceph", "vboxsf",
     "vmhgfs", "lustre", "glusterfs", "ocfs2", "gfs2", "beegfs", "fuse", "autofs", "davfs"}
)  # fmt: skip
"""Types whose inotify events cover at most what this very machine writes."""


@dataclass(frozen=True, slots=True)
class Mount:
    """What makes a folder the same folder as before."""

    file_system: str
    """Type as the kernel names it, e.g. ``ext4``, ``nfs4``, ``fuse.sshfs``."""
    source: str
    """E.g. ``/dev/sda1`` or ``nas:/scans``; unlike the device number it outlives a remount."""
    root: str
    """Which directory of that file system is mounted."""
    at: str
    """The mount point."""
    device: int
    """Device number; NFS, btrfs and overlay get a new one at every mount."""


def mount(folder: str) -> Mount:
    """What a folder is mounted from.

    The kernel is asked for the mount of an open directory. Comparing path prefixes, which was the
    other way, goes wrong with mounts on top of mounts, symlinks and names with blanks.

    Raises:
        OSError: the folder cannot be opened, e.g. because its server is away.
    """
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        device = os.fstat(descriptor).st_dev
        number = _mount_id(descriptor)
    finally:
        os.close(descriptor)
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            if line.split(" ", 1)[0] == number:
                return _parsed(line, device)
    return Mount("unknown", "unknown", "/", "/", device)  # a mount of another namespace


def _mount_id(descriptor: int) -> str:
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as lines:
        return next(line.split()[1] for line in lines if line.startswith("mnt_id:"))


def _parsed(line: str, device: int) -> Mount:
    """Take apart a line of mountinfo; a lone dash ends its optional fields."""
    mounted, _, source = line.rstrip("\n").partition(" - ")
    file_system, name, *_ = source.split(" ")
    _, _, _, root, at, *_ = mounted.split(" ")
    return Mount(file_system, unescaped(name), unescaped(root), unescaped(at), device)


def unescaped(text: str) -> str:
    r"""Blanks and the like stand as octal numbers there, e.g. ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def silent_below(folder: str) -> tuple[str, ...]:
    """Mount points below a folder on which inotify does not see all changes."""
    inside = folder.rstrip("/") + "/"
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        found = (_parsed(line, 0) for line in lines)
        return tuple(
            sorted(
                {
                    one.at
                    for one in found
                    if one.at.startswith(inside) and not sends_events(one.file_system)
                }
            )
        )


def file_system(folder: str) -> str:
    """The type of file system that a folder lies on, e.g. ``ext4``; see ``mount``."""
    return mount(folder).file_system


def sends_events(file_system: str) -> bool:
    """Whether inotify sees all changes there, those of other machines too."""
    return file_system not in SILENT and not file_system.startswith("fuse.")
