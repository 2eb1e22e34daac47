"""Commands of the studio's own that are run when something has happened.

A thread for each hook, which has a position of its own in the notices: a hook that hangs or fails
holds up nobody but itself, and least of all the photos.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from daemon.delivery.follower import BrokenOff, Follower
from daemon.ledger.notices import Kind, Notice
from daemon.log.events import Event, Log, facts
from daemon.machine.command import run

_POLL_S = 0.2
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER")


@dataclass(frozen=True, slots=True)
class Hook:
    """One command, and what it is for."""

    event: str
    """filed, flagged, quarantined or paused."""
    command: tuple[str, ...]
    timeout_s: float

    @property
    def kind(self) -> Kind:
        """Of the notices that it is about."""
        return Kind.FILED if self.event == "flagged" else Kind(self.event)

    def wants(self, notice: Notice) -> bool:
        """Whether it is to be run for this one."""
        return self.event != "flagged" or bool(notice.document.get("flags"))


class Hooks:
    """Runs hooks beside the daemon's work."""

    def __init__(self, ledger: Path, hooks: Sequence[Hook], *, at_once: int, log: Log) -> None:
        """Prepare; nothing runs before ``start``.

        Args:
            ledger: the ledger's file.
            hooks: at most one for each event.
            at_once: how many commands may run at the same time.
            log: for how each ended.
        """
        self._log = log
        self._places = threading.Semaphore(at_once)
        self._followers = [
            Follower(
                ledger,
                name := f"hook {hook.event}",
                partial(self._run, hook),
                kinds=(hook.kind,),
                log=log,
                reader=name,
            )
            for hook in hooks
        ]

    def start(self) -> None:
        """Begin, with what has happened since the last run."""
        for follower in self._followers:
            follower.start()

    def stop(self) -> None:
        """End what runs; what was not done is done in the next run."""
        for follower in self._followers:
            follower.stop()

    def _run(self, hook: Hook, notice: Notice, stopping: threading.Event) -> None:
        """Run it once. However it ends, it was run: only one that we stopped runs again."""
        if not hook.wants(notice):
            return
        document = {**notice.document, "event": hook.event, "notice": notice.id}
        while not self._places.acquire(timeout=_POLL_S):
            if stopping.is_set():
                raise BrokenOff
        try:
            ended = run(
                hook.command,
                json.dumps(document).encode("ascii") + b"\n",
                environment=environment(os.environ, hook.event, notice),
                timeout_s=hook.timeout_s,
                stopped=stopping.is_set,
            )
        finally:
            self._places.release()
        if ended.stopped:
            raise BrokenOff
        about = facts(
            photo=notice.document.get("photo"), said=ended.said or None, reason=ended.reason
        )
        told = {"hook": hook.event, "notice": notice.id, "took_s": round(ended.took_s, 3), **about}
        if ended.reason is None:
            self._log.info(Event.HOOK_RUN, **told)
        else:
            self._log.warning(Event.HOOK_FAILED, **told)


def environment(ours: Mapping[str, str], event: str, notice: Notice) -> dict[str, str]:
    """What a hook gets: enough to find programs, and none of the daemon's own variables."""
    kept = {name: ours[name] for name in _PASSED_ON if name in ours}
    photo = notice.document.get("photo")
    about = {"MATTED_EVENT": event, "MATTED_NOTICE": str(notice.id)}
    return {**kept, **about, **({} if photo is None else {"MATTED_PHOTO": str(photo)})}
