"""Which names are photos, which are none of our business. Pure.

Names are compared without regard to case, as text in which bytes that are no UTF-8 stand as lone
surrogates.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

IGNORE = (
    ".*", "._*", "~$*", "*.tmp", "*.part", "*.partial", "*.filepart", "*.crdownload",
    "Thumbs.db", "desktop.ini", "@eaDir", ".stfolder", ".stversions", "#recycle", "lost+found",
    "*.trimap.png",
)  # fmt: skip
"""Unfinished files, what systems and NAS boxes leave behind, and trimaps that belong to photos."""

IGNORE_FOLDERS = (
    # Trash and snapshots: what is in there was deleted, or is an earlier state of what is not.
    "$RECYCLE.BIN", "RECYCLER", "RECYCLED",  # Windows
    "System Volume Information", "DfsrPrivate",
    "@Recycle", "@Recently-Snapshot",  # QNAP
    "#snapshot", "@tmp", "@SynoResource",  # Synology
    "~snapshot",  # NetApp
    "trashbox",  # Buffalo
    "Network Trash Folder", "Temporary Items", "TheVolumeSettingsFolder",  # macOS, on shares
    # Half-done: a file is moved out of it when it is whole.
    "*.sb-*-*",  # macOS' safe save
    "*.download", "*.opdownload",  # Safari, Opera
    "__MACOSX",  # the other halves of files, from an archive
    # Previews, and originals that a program keeps for itself.
    "*.lrdata", "*.lrcat-data", "*.lrlibrary",  # Lightroom
    "CaptureOne", "*.cocatalog",
    "*.photoslibrary", "*.migratedphotolibrary", "*.photolibrary", "*.aplibrary",  # Apple
)  # fmt: skip
"""The same, of folders; files may be called so. Most others are dot folders (.Trashes, .recycle,
.snapshot, .zfs, .AppleDouble, .@__thumb)."""

PHOTO_EXTENSIONS = (
    "jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "mpo",
    "png", "tif", "tiff", "bmp", "dib", "webp",
    "heic", "heif", "hif", "avif", "psd", "psb", "jp2", "j2k", "jpf", "jpx",
    "dng", "cr2", "cr3", "nef", "nrw", "arw", "sr2", "orf", "raf", "rw2", "pef", "srw",
    "3fr", "iiq",
)  # fmt: skip
"""Of formats that can be decoded; lower case, without the dot. JPEG has most: Windows and Chrome
save .jfif, old browsers .pjpeg and .pjp, stereo cameras .mpo, whose first picture is read."""

_OTHER_EXTENSIONS = (
    "gif", "jxl",
)  # fmt: skip
# Pictures that decoding refuses: in quarantine with a reason, not silently left lying.

TAKE = tuple(f"*.{extension}" for extension in PHOTO_EXTENSIONS + _OTHER_EXTENSIONS)
"""Names of pictures."""


class Globs:
    """Many globs, matched at once.

    One regular expression of all of them took four times as long on 10,000 names; nearly every
    glob is a name, a prefix or a suffix.
    """

    __slots__ = ("_exact", "_pattern", "_prefixes", "_suffixes")

    def __init__(self, globs: Iterable[str]) -> None:
        lowered = {glob.lower() for glob in globs}
        plain = {glob for glob in lowered if not _special(glob)}
        prefixes = {glob for glob in lowered - plain if glob[-1] == "*" and not _special(glob[:-1])}
        suffixes = {glob for glob in lowered - plain if glob[0] == "*" and not _special(glob[1:])}
        others = lowered - plain - prefixes - suffixes
        self._exact = frozenset(plain)
        self._prefixes = tuple(glob[:-1] for glob in prefixes)
        self._suffixes = tuple(glob[1:] for glob in suffixes)
        self._pattern = re.compile("|".join(map(fnmatch.translate, sorted(others))) or r"(?!)")

    def match(self, name: bytes) -> bool:
        """Whether any of the globs matches the whole name."""
        text = os.fsdecode(name).lower()
        return (
            text.endswith(self._suffixes)
            or text.startswith(self._prefixes)
            or text in self._exact
            or self._pattern.match(text) is not None
        )


def _special(glob: str) -> bool:
    return any(c in glob for c in "*?[")


@dataclass(frozen=True, slots=True)
class Rule:
    """What to take and what to leave, in one watched folder."""

    _ignore: Globs = field(default_factory=lambda: Globs(IGNORE))
    _ignore_folders: Globs = field(default_factory=lambda: Globs((*IGNORE, *IGNORE_FOLDERS)))
    _take: Globs = field(default_factory=lambda: Globs(TAKE))

    @classmethod
    def of(cls, *, ignore: Iterable[str] = (), take: Iterable[str] = TAKE) -> Rule:
        """A rule from globs.

        Args:
            ignore: names of files and directories to ignore, besides ``IGNORE`` and
                ``IGNORE_FOLDERS``.
            take: names of files to take as photos.
        """
        given = (*IGNORE, *ignore)
        return cls(Globs(given), Globs((*given, *IGNORE_FOLDERS)), Globs(take))

    def ignores(self, name: bytes) -> bool:
        """Whether a file of this name is to be left alone."""
        return self._ignore.match(name)

    def ignores_folder(self, name: bytes) -> bool:
        """Whether a directory of this name, one component, is to be left alone with all in it."""
        return self._ignore_folders.match(name)

    def takes(self, name: bytes) -> bool:
        """Whether a file of this name, if it is not ignored, is a photo."""
        return self._take.match(name)
