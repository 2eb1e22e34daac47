"""Growing delays between attempts."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 0.5
LONGEST_S = 60.0


@dataclass(slots=True)
class Backoff:
    """0.5 s, doubling to 60 s; from the start again after a success."""

    delay_s: float = FIRST_S
    """The next delay."""

    def next(self) -> float:
        """The delay to wait now, seconds; the one after it will be twice as long."""
        delay_s = self.delay_s
        self.delay_s = min(2 * delay_s, LONGEST_S)
        return delay_s

    def reset(self) -> None:
        """After a success."""
        self.delay_s = FIRST_S
