"""The kernel's events as watchdog hands them on, and what it keeps to itself."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

_LIMITS = (errno.ENOSPC, errno.EMFILE, errno.ENFILE)


class Inotify(InotifyFD):
    """Watchdog's inotify, made to say aloud what it swallows.

    That is: no watches left, lost events, and the end of the watch on a folder itself.
    """

    def __init__(
        self,
        folders: frozenset[str],
        *,
        on_limit: Callable[[bytes, OSError], None],
        on_end: Callable[[str], None],
        on_overflow: Callable[[], None],
    ) -> None:
        """Prepare.

        Args:
            folders: those that are watched.
            on_limit: called with a directory for which there is no watch left, and why.
            on_end: called with a folder whose own watch the kernel ended.
            on_overflow: called when events were lost.
        """
        super().__init__()
        self._on_limit = on_limit
        self._on_end = on_end
        self._on_overflow = on_overflow
        self._folders = {os.fsencode(folder): folder for folder in folders}
        self._folder_of: dict[WatchDescriptor, str] = {}

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Watch a directory; raises what watchdog does."""
        try:
            added = super().add_callback(path, mask, callback, id_)
        except OSError as error:
            if error.errno in _LIMITS:
                self._on_limit(path, error)
            raise
        if path in self._folders:
            self._folder_of[added] = self._folders[path]
        return added

    def remove_callbacks(self, callbacks: list[tuple[WatchDescriptor, CallbackId]]) -> None:
        """Watch no longer."""
        for descriptor, _ in callbacks:
            self._folder_of.pop(descriptor, None)  # the end that the kernel now tells is ours
        super().remove_callbacks(callbacks)

    def handle_event(self, event: InotifyEvent) -> None:
        """Look at an event before watchdog does."""
        if event.is_queue_overflow:
            self._on_overflow()
        if event.is_ignored and (folder := self._folder_of.pop(event.wd, None)):
            self._on_end(folder)
        super().handle_event(event)
