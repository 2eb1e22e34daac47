"""What the outputs of a photo are called, relative to the result folder. Pure.

A template such as ``{date:%Y-%m-%d}/{subdir}/{stem}_{output}{ext}`` is filled in with text in which
bytes that are no UTF-8 stand as lone surrogates (``os.fsdecode``), so every name survives the way
there and back.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from daemon.filed import WHOLE, Part
from daemon.photo import Photo
from daemon.shelf.templates import counts, fields

LIMIT_BYTES = 255
"""The longest component of a path on nearly every file system."""


@dataclass(frozen=True, slots=True)
class NamedOutput:
    """What of a name depends on the output."""

    name: str
    """For the field ``output``, e.g. ``matte``; unique within a profile."""
    ext: str
    """With its dot, e.g. ``.png``."""
    variants: tuple[str, ...] = ()
    """Extensions that its file may turn out to need instead."""
    part: Part = WHOLE
    """Of which of the photos in the file it is."""
    before: int = 0
    """How many of the photos in the file come before that one."""

    def variants_of(self, name: bytes) -> tuple[bytes, ...]:
        """The names that it may get instead of one that was chosen."""
        usual = os.fsencode(self.ext)
        if not name.endswith(usual):
            return ()
        return tuple(name.removesuffix(usual) + os.fsencode(ext) for ext in self.variants)


@dataclass(frozen=True, slots=True)
class Known:
    """What a template may use beside the photo and the day."""

    profile: str = ""
    sha256: str = ""


NOTHING = Known()


@dataclass(frozen=True, slots=True)
class _Shortened:
    """A text of which a template may take a part, and what has to stand behind it all the same."""

    text: str
    behind: str

    def __format__(self, spec: str) -> str:
        return format(self.text, spec) + self.behind


def choose(  # noqa: PLR0913 - what names are made of, each with a name of its own
    template: str,
    photo: Photo,
    filed_on: date,
    outputs: Sequence[NamedOutput],
    *,
    taken: Callable[[bytes], bool],
    fitted: Callable[[bytes], bytes] = lambda name: name,
    known: Known = NOTHING,
    first: int = 1,
) -> tuple[bytes, ...]:
    """The first whole set of names of which none is taken.

    The set is numbered as one, ``IMG_1_matte.png`` and ``IMG_1_foreground.png`` becoming
    ``IMG_1-2_matte.png`` and ``IMG_1-2_foreground.png``, so that what belongs together stays so.

    Args:
        template: a ``file_as`` without faults.
        photo: whose outputs these are.
        filed_on: the day to file it under.
        outputs: in the profile's order.
        taken: whether a name, relative to the result folder, exists there or is reserved.
        fitted: makes of a name one that the result folder's disk takes.
        known: what else the template may use.
        first: the number to begin with.

    Returns:
        One name per output, relative to the result folder; never absolute, hidden or with ``..``.

    Raises:
        ValueError: two outputs would get the same name.
    """
    for number in itertools.count(first):
        wanted = numbered(template, photo, filed_on, outputs, number=number, known=known)
        names = _distinct(tuple(map(fitted, wanted)), outputs)
        pairs = zip(names, outputs, strict=True)
        if not any(taken(each) for name, file in pairs for each in (name, *file.variants_of(name))):
            return names
    raise AssertionError("there is always another number")


def numbered(
    template: str,
    photo: Photo,
    filed_on: date,
    outputs: Sequence[NamedOutput],
    *,
    number: int,
    limit_bytes: int = LIMIT_BYTES,
    known: Known = NOTHING,
) -> tuple[bytes, ...]:
    """The set with this number, taken or not.

    A template that counts has the number where it says; else the first set, number 1, bears none.

    Raises:
        ValueError: two outputs would get the same name.
    """
    names = tuple(
        _name(template, photo, filed_on, output, number, limit_bytes, known) for output in outputs
    )
    return _distinct(names, outputs)


def _distinct(names: tuple[bytes, ...], outputs: Sequence[NamedOutput]) -> tuple[bytes, ...]:
    if len({key(os.fsdecode(name)) for name in names}) != len(names):
        raise ValueError(f"two outputs would get the same name: {[o.name for o in outputs]}")
    return names


def key(name: str) -> str:
    """What names have in common that a disk may take for one and the same.

    Disks that fold case or normalise (NTFS, exFAT, APFS, ext4 with ``casefold``), and Windows,
    which drops dots and blanks at the end of each component.
    """
    folded = unicodedata.normalize("NFC", name).casefold()
    parts = unicodedata.normalize("NFC", folded).split("/")
    return "/".join(part.rstrip(". ") for part in parts)


def _name(
    template: str,
    photo: Photo,
    filed_on: date,
    output: NamedOutput,
    number: int,
    limit_bytes: int,
    known: Known,
) -> bytes:
    """Fill in the template, with a shorter stem where a component grows too long."""
    subdir, _, base = photo.path.rpartition(b"/")
    stem, source_ext = os.path.splitext(base)
    again = f"-{number}" if number > 1 and not counts(template) else ""
    suffix = _label(template, output.part) + again
    told_by_name = bool(fields(template) & {"stem", "id"})
    told_apart = mark(photo.path)

    def fill(stem: bytes) -> list[bytes]:
        text = template.format(
            date=filed_on,
            subdir=os.fsdecode(subdir),
            stem=os.fsdecode(stem) + suffix,
            output=output.name,
            ext=output.ext,
            folder=os.path.basename(photo.folder.rstrip("/")),
            id=f"{photo.id}{suffix}",
            source_ext=os.fsdecode(source_ext[1:]),
            profile=known.profile.replace("/", "_"),
            sha=_Shortened(known.sha256, "" if told_by_name else suffix),
            count=number + output.before,
            page=output.part.page or 1,
        )
        return [_visible(c) for c in os.fsencode(text).split(b"/") if c]

    components = fill(stem)
    excess = max(map(len, components), default=0) - limit_bytes
    if excess > 0 and len(stem) > excess + len(told_apart) + 1:
        components = fill(
            cut(stem, len(stem) - excess - len(told_apart) - 1) + b"~" + told_apart.encode()
        )
    return b"/".join(fit(component, limit_bytes, told_apart) for component in components)


def filled(template: str, photo: Photo, filed_on: date, output: NamedOutput, known: Known) -> bytes:
    """A part of a template that does not count, filled in; empty where it has nothing in it."""
    return _name(template, photo, filed_on, output, 1, LIMIT_BYTES, known) if template else b""


def _label(template: str, part: Part) -> str:
    """What tells the photos in one file apart, e.g. ``_2``; empty where the template does."""
    used = fields(template)
    if "count" in used:
        return ""
    page = None if "page" in used else part.page
    return "".join(f"_{number}" for number in (page, part.print) if number is not None)


def _visible(component: bytes) -> bytes:
    """No component is hidden, this directory or the one above."""
    return b"_" + component.lstrip(b".") if component.startswith(b".") else component


def mark(name: bytes) -> str:
    """What tells a name apart from others that look like it once they are cut."""
    return hashlib.sha256(name).hexdigest()[:8]


def fit(component: bytes, limit_bytes: int, told_apart: str) -> bytes:
    """The last resort: keep the end, which tells outputs apart, and mark what was cut."""
    if len(component) <= limit_bytes:
        return component
    end = _end(component, limit_bytes // 2)
    start = cut(component, limit_bytes - len(end) - len(told_apart) - 1)
    return start + b"~" + told_apart.encode() + end


def _end(name: bytes, length: int) -> bytes:
    """The last bytes of a name, not beginning within a UTF-8 character."""
    start = len(name) - length
    while start < len(name) and name[start] & 0xC0 == 0x80:
        start += 1
    return name[start:]


def cut(name: bytes, length: int) -> bytes:
    """The first bytes of a name, not ending within a UTF-8 character."""
    length = max(length, 0)
    while length > 0 and length < len(name) and name[length] & 0xC0 == 0x80:
        length -= 1
    return name[:length]
