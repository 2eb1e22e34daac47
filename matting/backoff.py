"""Growing delays between attempts: the one rule for all that is tried again."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_DOUBLINGS = 30
"""More are not needed, and a float has an end."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait between attempts: doubled after each one, up to a limit."""

    first_s: float = 0.5
    longest_s: float = 60.0

    def after(self, failures: int) -> float:
        """The wait after so many failures in a row, seconds; after none it is the first one too."""
        doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
        return float(min(self.first_s * 2**doublings, self.longest_s))


class Backoff:
    """Counts failures in a row; from the start again after a success."""

    def __init__(self, waits: Waits = Waits()) -> None:
        self._waits = waits
        self._failures = 0

    @property
    def delay_s(self) -> float:
        """The delay that ``next`` will give, seconds."""
        return self._waits.after(self._failures + 1)

    def next(self) -> float:
        """The delay to wait now, seconds; the one after it will be twice as long."""
        self._failures += 1
        return self._waits.after(self._failures)

    def reset(self) -> None:
        """After a success."""
        self._failures = 0
