"""A source that is taken away under a hidden name before anybody looks at it.

The name of a file says little about its content: while we look, another program may put a new
photo in its place. So a file is first taken away, in one step, then looked at, and put back if it
is not the one that was read. To look first and remove then could lose the new photo.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from daemon.errors import SourceTrouble
from daemon.photo import Photo, Version
from daemon.shelf import below, durable
from daemon.shelf.below import Spot
from daemon.shelf.names import cut
from daemon.shelf.spelling import LITTLE_BYTES


class Disposed(StrEnum):
    """What became of a source."""

    KEPT = "kept"
    ARCHIVED = "archived"
    DELETED = "deleted"
    CHANGED = "changed"
    """It is no longer what was read, and was left alone."""
    MISSING = "missing"
    """It is not there: done before a crash, or taken by somebody else."""


@dataclass(frozen=True, slots=True)
class Source:
    """The watched file, and the hidden name in the same open directory."""

    seen: Spot
    hidden: Spot

    def sync(self) -> None:
        """Make what was renamed or removed there durable."""
        below.sync(self.seen.directory)

    def take(self, photo: Photo) -> Disposed | None:
        """Take it away under its hidden name; None if that is the version that was read.

        Raises:
            SourceTrouble: it is open for writing.
        """
        seen, hidden = below.look(self.seen), below.look(self.hidden)
        if hidden is not None:
            if seen is not None and os.path.samestat(seen, hidden):
                durable.unlink(self.seen)  # the last attempt was killed between link and unlink
        elif seen is None:
            return Disposed.MISSING
        elif not Version.of(seen).matches(photo.version):
            return Disposed.CHANGED
        else:
            try:
                durable.rename(self.seen, self.hidden)
            except FileNotFoundError:
                return Disposed.MISSING
        # In this order: who opens it for writing after the first question no longer finds it.
        if durable.is_open_for_writing(self.hidden):
            self.put_back()
            raise SourceTrouble("the original is open for writing in another program", errno.EBUSY)
        taken = below.look(self.hidden)
        if taken is not None and Version.of(taken).matches(photo.version):
            return None
        self.put_back()
        return Disposed.CHANGED

    def put_back(self) -> None:
        """Undo ``take``; beside a file that has come in the meantime, under a numbered name."""
        if below.look(self.hidden) is not None:
            rename_to_free(self.hidden, self.seen)
            self.sync()


@contextlib.contextmanager
def opened(photo: Photo) -> Iterator[Source | None]:
    """The source's directory, opened; None if it is not there, or a link is in its place.

    Raises:
        SourceTrouble: the source cannot be moved or removed at the moment.
    """
    with _source_trouble(), contextlib.ExitStack() as handles:
        above, name = os.path.split(photo.path)
        try:
            root = handles.enter_context(below.opened(os.fsencode(photo.folder)))
            at = handles.enter_context(below.directory(root, above))
        except (FileNotFoundError, NotADirectoryError):
            source = None
        else:
            source = Source(Spot(at, name), Spot(at, _hidden(photo.id, name)))
        yield source


def _hidden(photo_id: int, name: bytes) -> bytes:
    """Beside the source, ignored by every scan, and recognisable for people."""
    mark = f".matted-{photo_id}-".encode()
    return mark + cut(name, LITTLE_BYTES - len(b".copy") - len(mark))


def rename_to_free(source: Spot, target: Spot) -> None:
    """Rename a file to the first of a name's numbered forms that is free."""
    for candidate in numbered(target):
        try:
            durable.rename(source, candidate)
        except FileExistsError:
            continue
        return


def numbered(target: Spot) -> Iterator[Spot]:
    """The name itself, then with -2, -3 and so on before its extension."""
    yield target
    stem, ext = os.path.splitext(target.name)
    # Where a long name was taken, the disk is known to take one as long.
    limit = max(len(target.name), LITTLE_BYTES)
    for number in itertools.count(2):
        suffix = f"-{number}".encode()
        yield Spot(target.directory, cut(stem, limit - len(suffix) - len(ext)) + suffix + ext)


@contextlib.contextmanager
def _source_trouble() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"the original cannot be moved or removed: {error.strerror}"
        raise SourceTrouble(reason, error.errno or errno.EIO) from error
