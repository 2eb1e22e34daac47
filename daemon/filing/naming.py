"""Under which names a photo's results are filed: decided once, and anew if they are of no use."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from daemon.filed import WHOLE, Part
from daemon.filing.destinations import Destination
from daemon.ledger import Ledger
from daemon.photo import Photo
from daemon.shelf import below, names, roots, templates
from daemon.shelf.durable import results_trouble
from daemon.shelf.spelling import fitted
from daemon.work.snapshot import digest


class Naming:
    """Chooses names, and remembers which of them a profile wants otherwise."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._respelled: dict[int, tuple[bytes, ...]] = {}

    def named(self, photo: Photo, destination: Destination) -> Photo:
        """Decide date and names, once.

        Raises:
            ResultsTrouble: the result folder cannot be read.
        """
        if photo.names and len(photo.names) % len(destination.profile.outputs) == 0:
            return photo  # of a file that held several photos the last time, there are several sets
        return self.named_anew(photo, destination)

    def named_anew(
        self,
        photo: Photo,
        destination: Destination,
        *,
        parts: Sequence[Part] = (),
        first: bool = False,
        aside: bool = False,
    ) -> Photo:
        """Decide names, whatever they were: somebody took one meanwhile, or they are of no use.

        Args:
            photo: the photo.
            destination: where it goes.
            parts: the photos in its file; by default it is one.
            first: whether so many names are chosen for the first time, so that nothing speaks
                against those it has.
            aside: whether to go round sub-folders that are of no use.

        Raises:
            ResultsTrouble: the result folder cannot be read.
        """
        outputs = tuple(
            replace(file, part=part, before=before)
            for before, part in enumerate(parts or (WHOLE,))
            for file in destination.profile.files
        )
        day = photo.filed_on or date.today()  # noqa: DTZ011 - people look for the local date
        known = _known(photo, destination)
        choose = partial(
            names.choose,
            destination.profile.file_as,
            photo,
            day,
            outputs,
            known=known,
            first=self._first(photo, destination, day, known, own=not first),
        )

        what = "names cannot be chosen"
        with results_trouble(what), roots.opened(destination.results) as (root, inside):

            def taken(name: bytes) -> bool:
                if below.look_up(root, name) is not None:
                    return True
                # Of a set, only some are of no use.
                ours = (aside or first) and name in photo.names
                return not ours and self._ledger.reserved(destination.results, name)

            def fit(name: bytes) -> bytes:
                usable[name] = fitted(root, inside, name, aside=aside or first, without=without)
                return usable[name]

            usable: dict[bytes, bytes] = {}
            without: frozenset[bytes] = frozenset()
            chosen = choose(taken=taken, fitted=fit)
            if aside and (without := _of_no_use(photo.names, chosen)):
                chosen = choose(taken=taken, fitted=fit)
        self._note_respelled(photo, [old for old, new in usable.items() if old != new in chosen])
        return self._ledger.fix(photo.id, day, destination.results, chosen)

    def _first(
        self, photo: Photo, destination: Destination, day: date, known: names.Known, *, own: bool
    ) -> int:
        """The number to begin with: where the template counts, the one after the last.

        Unless ``own`` says so, names that the photo has itself do not count.
        """
        where = templates.counting(destination.profile.file_as)
        if where is None:
            return 1
        above, _, pattern = where
        folder = names.filled(above, photo, day, destination.profile.files[0], known)
        depth = folder.count(b"/") + 1 if folder else 0
        there = self._ledger.reserved_below(destination.results, folder)
        others = (name for name in there if own or name not in photo.names)
        found = (pattern.fullmatch(name.split(b"/")[depth]) for name in others)
        return max((int(match[1]) for match in found if match), default=0) + 1

    def respelled(self, photo_id: int) -> tuple[bytes, ...] | None:
        """Names that the profile wants, if others had to be taken instead; told once."""
        return self._respelled.pop(photo_id, None)

    def _note_respelled(self, photo: Photo, wanted: Sequence[bytes]) -> None:
        self._respelled.pop(photo.id, None)
        if wanted:
            self._respelled[photo.id] = tuple(wanted)


def _known(photo: Photo, destination: Destination) -> names.Known:
    """What a template may use that takes some finding out.

    Raises:
        SourceTrouble, Changed: the photo has to be read for it, and cannot be.
    """
    sha256 = ""
    if "sha" in templates.fields(destination.profile.file_as):
        source = os.path.join(os.fsencode(photo.folder), photo.path)
        sha256 = photo.redo.sha256 if photo.redo else digest(source, photo.version)
    return names.Known(destination.profile_name, sha256)


def demand_folders(photo: Photo, destination: Destination) -> None:
    """Make sure that the sub-folders of a photo's names can be used, before it is begun.

    Raises:
        ResultsTrouble: one cannot: it is a link or a file, or closed to us.
    """
    what = "results cannot be filed there"
    with results_trouble(what), roots.opened(destination.results) as (root, _):
        for above in _folders(photo.names):
            parts = below.parts(above)
            index = below.hindrance(root, parts)
            if index is not None:
                folder = os.path.join(*parts[: index + 1])
                reason = "not a folder, or not one that may be written to"
                raise OSError(errno.EACCES, reason, folder)


def _of_no_use(old: Sequence[bytes], new: Sequence[bytes]) -> frozenset[bytes]:
    """Which folders still have to be gone round.

    One that somebody exchanges again and again is in order whenever it is looked at, for some names
    or for all.
    """
    pairs = [
        (os.path.dirname(one), os.path.dirname(other)) for one, other in zip(old, new, strict=False)
    ]
    gone_round = frozenset(one for one, other in pairs if one != other)
    return (gone_round or _folders(old)) & _folders(new)


def _folders(names: Sequence[bytes]) -> frozenset[bytes]:
    return frozenset(map(os.path.dirname, names))
