"""Which page of a TIFF is the photo, and whether the file goes on to its end.

libtiff passes over in silence what is missing where a file ends early, and the first page need not
be the photo: it may be a thumbnail of the photo, which is then the next page or hangs below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging.guard import harmless
from daemon.imaging.tiff import Directory, Tiff

EXTRA_SAMPLES = 338
_SUBFILE_TYPE, _OLD_SUBFILE_TYPE = 254, 255
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 256, 257, 258, 262
_SUB_DIRECTORIES, _DNG_VERSION = 330, 50706
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
_CIELAB = 8
_RAW_PHOTOMETRICS = {32803, 34892}
"""A colour filter's mosaic, and what was reckoned from one."""

_MAX_PAGES = 10_000
_MAX_SUB_DIRECTORIES = 16

_DESCRIBING = {269, 270, 271, 272, 285, 305, 306, 315, 316, 333, 337}
_FIRST_PRIVATE = 700
"""From here on, and those above, tags describe a photo; the others say how it is stored."""


Place = tuple[int, int]
"""Of a page: its number in the file, and that of the directory below it, or -1."""


@dataclass(frozen=True, slots=True)
class Page:
    """A directory with pixels."""

    directory: Directory
    tags: dict[int, int]
    """The first value of each tag that matters here."""
    number: int
    """Of the page in the file, from 0."""
    sub: int = -1
    """Of the directory below that page, from 0; -1 is the page itself."""

    @property
    def is_whole(self) -> bool:
        """Whether it is a picture of its own: no smaller copy of another one, and no mask."""
        kind = self.tags.get(_SUBFILE_TYPE, 0)
        copy = kind & (_REDUCED | _MASK) or self.tags.get(_OLD_SUBFILE_TYPE) == _OLD_REDUCED
        return self.pixels > 0 and not copy

    @property
    def place(self) -> Place:
        """Where it lies in the file."""
        return self.number, self.sub

    @property
    def pixels(self) -> int:
        """How many it has."""
        return self.tags.get(_WIDTH, 0) * self.tags.get(_HEIGHT, 0)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The page that is the photo."""

    page: Page
    warnings: tuple[str, ...] = ()
    is_cut: bool = False
    """Whether what the page says of a page behind it is not to be followed."""
    is_raw: bool = False
    """Whether it is a camera's mosaic, or was reckoned from one: not for libvips."""


def places(tiff: Tiff, *, last_look: bool) -> tuple[Place, ...]:
    """Where each page lies that is a photo; a smaller copy of one is none.

    Raises:
        NotReady, NotAPhoto: as ``choose``.
    """
    pages, _ = _walked(tiff, last_look=last_look)
    if _is_raw([*harmless(lambda: list(_below(tiff, pages[0])), list[Page]()), *pages]):
        return ()
    return tuple(page.place for page in _photos(tiff, pages))


def choose(tiff: Tiff, *, last_look: bool, place: Place | None = None) -> Chosen:
    """Find the page that is the photo, and check that all pages and all their tags are there.

    The pixels are not looked at: libtiff does notice when they are missing.

    Args:
        tiff: the file.
        last_look: nothing more is going to be written, so a photo that is whole is taken though
            the file ends early behind it.
        place: of the page, if each is a photo of its own.

    Raises:
        NotReady: the file ends before something that it refers to.
        NotAPhoto: a kind not taken, or one without an end.
    """
    pages, broken = _walked(tiff, last_look=last_look)
    if _is_raw([*harmless(lambda: list(_below(tiff, pages[0])), list[Page]()), *pages]):
        return Chosen(pages[0], is_raw=True)
    photos = _photos(tiff, pages)
    # Some scanners call their only page reduced.
    page = (photos or [max(pages, key=lambda page: page.pixels)])[0]
    if place is not None:
        page = next((one for one in photos if one.place == place), page)
    _refuse_unusual(page)
    if broken and not page.is_whole:
        raise broken
    left_out = len(photos) > 1 and place is None
    several = (f"page {page.number + 1} of {len(pages)} read",) if left_out else ()
    return Chosen(page, (*several, *_lost(tiff, page, broken)), broken is not None)


def _walked(tiff: Tiff, *, last_look: bool) -> tuple[list[Page], NotReady | None]:
    """All pages; and what is wrong behind them, if that is forgiven."""
    pages: list[Page] = []
    try:
        for page in _pages(tiff):
            _demand_values(tiff, page, last_look=last_look and not pages)
            pages.append(page)
    except NotReady as error:
        if not last_look or not pages:
            raise
        return pages, error
    return pages, None


def _lost(tiff: Tiff, page: Page, broken: NotReady | None) -> tuple[str, ...]:
    if broken:
        return (f"{broken}; page {page.number + 1} itself is whole",)
    if tiff.lacking(page.directory):
        return ("ends early: something that describes the photo is missing",)
    return ()


def _pages(tiff: Tiff) -> Iterator[Page]:
    offset, seen = tiff.first, set[int]()
    if not offset:
        raise NotReady("ends early: it has no directory yet")
    while offset and offset not in seen:
        if len(seen) == _MAX_PAGES:
            raise NotAPhoto(f"more than {_MAX_PAGES} pages")
        seen.add(offset)
        directory = tiff.directory(offset)
        yield Page(directory, _told(tiff, directory), len(seen) - 1)
        offset = tiff.next_offset(directory)


def _told(tiff: Tiff, directory: Directory) -> dict[int, int]:
    wanted = (
        *(_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC),
        *(EXTRA_SAMPLES, _DNG_VERSION),
    )
    tags = {}
    for entry in (directory.entries[tag] for tag in wanted if tag in directory.entries):
        try:
            tags[entry.tag] = int(tiff.numbers(entry, most=1)[0])
        except (IndexError, ValueError, ArithmeticError):
            tags[entry.tag] = 0
    return tags


def _demand_values(tiff: Tiff, page: Page, *, last_look: bool) -> None:
    """Refuse a page of which tags are missing; at a last look, those without which none is read."""
    lacking = tiff.lacking(page.directory)
    if last_look:
        lacking = {tag: end for tag, end in lacking.items() if _is_of_storage(tag)}
    if lacking:
        raise NotReady(f"ends early: it should have at least {max(lacking.values())} bytes")


def _is_of_storage(tag: int) -> bool:
    return tag < _FIRST_PRIVATE and tag not in _DESCRIBING


def _photos(tiff: Tiff, pages: list[Page]) -> list[Page]:
    """The pages that might be the photo; the first of them is."""
    below = [] if pages[0].is_whole else list(_below(tiff, pages[0]))
    return [page for page in (*below, *pages) if page.is_whole]


def _below(tiff: Tiff, page: Page) -> Iterator[Page]:
    entry = page.directory.entries.get(_SUB_DIRECTORIES)
    if entry is None:
        return
    for number, offset in enumerate(tiff.numbers(entry, most=_MAX_SUB_DIRECTORIES)):
        directory = tiff.directory(int(offset))
        yield Page(directory, _told(tiff, directory), page.number, number)


def _is_raw(pages: list[Page]) -> bool:
    """Whether one is a camera's mosaic; it may hang below a page that is a picture of it."""
    return any(
        _DNG_VERSION in page.tags or page.tags.get(_PHOTOMETRIC) in _RAW_PHOTOMETRICS
        for page in pages
    )


def _refuse_unusual(page: Page) -> None:
    if page.tags.get(_PHOTOMETRIC) == _CIELAB and page.tags.get(_BITS) != 16:
        raise NotAPhoto("Lab with 8 bits is not taken; save it with 16 bits or as RGB")
