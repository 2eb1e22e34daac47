"""What the fault tests did in all, for the last lines of ``make faults``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from audit import Account


@dataclass
class Tally:
    """Grows from test to test; one per process that runs tests."""

    crash_points: int = 0
    """Moments at which a process was killed, each in a run of its own."""
    injected_errors: int = 0
    kills: int = 0
    """kill -9 of running daemons, photo processes and engines."""
    audits: int = 0
    account: Account = field(default_factory=Account)

    def add(self, account: Account) -> None:
        self.audits += 1
        self.account += account

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for the way from a process that ran some of the tests."""
        return asdict(self)

    def take_in(self, other: Mapping[str, Any]) -> None:
        """Add what another process counted, as its ``to_json`` told."""
        account = {**other["account"], "faults": tuple(other["account"]["faults"])}
        self.account += Account(**account)
        for name in ("crash_points", "injected_errors", "kills", "audits"):
            setattr(self, name, getattr(self, name) + other[name])

    def lines(self) -> list[str]:
        sums = self.account
        return [
            (
                f"crash points tried {self.crash_points}, errors injected {self.injected_errors}, "
                f"kills {self.kills}, audits {self.audits}"
            ),
            f"photos sent {sums.sent}: filed {sums.filed}, quarantined {sums.quarantined}",
            f"lost {sums.lost}, doubled {sums.doubled}, half {sums.half}",
        ]
