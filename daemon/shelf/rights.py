"""Who may read and change results: whoever may do so with the folder that they are filed in.

A studio gives a folder to a group (setgid, or an access control list), and expects that what is
filed there belongs to that group, whoever runs the daemon, and with whatever umask. So the folder's
rights are taken, and not the process's. Files come from a private directory, where none of this was
inherited.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from dataclasses import dataclass

_DEFAULT, _ACCESS = "system.posix_acl_default", "system.posix_acl_access"
_HEAD = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
"""Of an access control list as Linux stores it: tag, rights, who."""
_OWNER, _GROUP, _MASK, _OTHERS = 0x01, 0x04, 0x10, 0x20


@dataclass(frozen=True, slots=True)
class Rights:
    """What is made in a folder gets."""

    mode: int
    """Of owner, group and others, as a directory would have it."""
    group: int
    """The folder's."""
    acl: bytes | None = None
    """The list that is inherited; None if there is none."""


def of(folder: int) -> Rights:
    """What a folder, given by a handle, passes on.

    Raises:
        OSError: it cannot be asked.
    """
    found = os.fstat(folder)
    mode = stat.S_IMODE(found.st_mode) & 0o777
    if found.st_mode & stat.S_ISVTX:  # as in /tmp: all may add, and nobody change what others have
        mode &= 0o755
    acl = _inherited(folder)
    return Rights(mode if acl is None else _mode(acl), found.st_gid, acl)


def give(made: int, rights: Rights) -> None:
    """Give a new file or directory, by a handle, the rights of the folder that it is for.

    File systems without such rights (FAT, many shares) have their own way, and are left to it.

    Raises:
        OSError: it cannot be asked what it is.
    """
    found = os.fstat(made)
    if found.st_gid != rights.group:
        with contextlib.suppress(OSError):  # only a member of the group may
            os.chown(made, -1, rights.group)
            found = os.fstat(made)
    mode = rights.mode | stat.S_IRUSR | stat.S_IWUSR
    if found.st_gid != rights.group:  # another group: to the folder, those are others
        mode = mode & ~0o070 | (mode & 0o007) << 3
    is_directory = stat.S_ISDIR(found.st_mode)
    mode = mode | stat.S_IXUSR if is_directory else mode & 0o666
    if rights.acl is not None and not is_directory:  # a directory has inherited it
        with contextlib.suppress(OSError):
            os.setxattr(made, _ACCESS, rights.acl)
    with contextlib.suppress(OSError):
        os.chmod(made, mode | found.st_mode & stat.S_ISGID)


def _inherited(folder: int) -> bytes | None:
    try:
        return os.getxattr(folder, _DEFAULT)
    except OSError:
        return None


def _mode(acl: bytes) -> int:
    """An access control list as a mode, whose middle is the mask, which limits all but two."""
    rights: dict[int, int] = {
        tag: allowed & 7 for tag, allowed, _ in _ENTRY.iter_unpack(acl[_HEAD.size :])
    }
    middle = rights.get(_MASK, rights.get(_GROUP, 0))
    return rights.get(_OWNER, 7) << 6 | middle << 3 | rights.get(_OTHERS, 0)
