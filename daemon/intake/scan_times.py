"""When a folder is to be scanned, and how long what a scan has found is kept together. Pure."""

from __future__ import annotations

from matting.backoff import Waits

# A scan of a slow share must not keep the daemon busy with nothing else.
_REST_PER_SCAN = 10
_LONGEST_PAUSE_S = 60.0
_LONGEST_HOLD_S = 1.0


class ScanTimes:
    """Of one folder; all times are on the monotonic clock, and given."""

    def __init__(self, now_s: float, settle_s: float) -> None:
        """The first scan is due now.

        Args:
            now_s: the present.
            settle_s: for how long a file has to be unchanged.
        """
        self._settle_s = settle_s
        self._next_s = now_s
        self._scanned_s = (0.0, 0.0)
        self._failures = 0

    @property
    def next_s(self) -> float:
        """When the next full scan is due."""
        return self._next_s

    def soon(self, now_s: float) -> None:
        """Scan in the next turn."""
        self._next_s = now_s

    def scanned(self, began_s: float, ended_s: float, *, every_s: float) -> None:
        """A scan has seen the whole folder."""
        self._failures = 0
        self._note(began_s, ended_s, max(every_s, (ended_s - began_s) * _REST_PER_SCAN))

    def failed(self, began_s: float, ended_s: float, *, every_s: float) -> None:
        """The folder was away; look less and less often, up to a limit."""
        wait_s = max(every_s, (ended_s - began_s) * _REST_PER_SCAN)
        self._failures += 1
        self._note(began_s, ended_s, Waits(wait_s, _LONGEST_PAUSE_S).after(self._failures))

    def _note(self, began_s: float, ended_s: float, wait_s: float) -> None:
        self._scanned_s = (began_s, ended_s)
        self._next_s = ended_s + wait_s

    def held_until_s(self, now_s: float) -> float | None:
        """When to look at what the last scan saw, if it is due now in part: all of it at once.

        A scan sees files in no order. What lay there together is to settle together, or the
        oldest of a thousand would not be the first to be filed.
        """
        began_s, ended_s = (at_s + self._settle_s for at_s in self._scanned_s)
        held = began_s <= now_s < ended_s <= began_s + _LONGEST_HOLD_S
        return ended_s if held else None
