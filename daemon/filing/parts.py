"""What filing consists of, put together."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.filing.concluding import Concluding
from daemon.filing.destinations import Destinations
from daemon.filing.disks import Disks
from daemon.filing.disposing import Disposing
from daemon.filing.engine_access import EngineAccess
from daemon.filing.failures import Failures
from daemon.filing.memory import Memory
from daemon.filing.naming import Naming
from daemon.filing.outcomes import Outcomes
from daemon.filing.pausing import Pausing
from daemon.filing.planned import PlannedPublishing
from daemon.filing.publishing import Publishing
from daemon.filing.quarantining import Quarantining
from daemon.filing.recovery import Recovery
from daemon.filing.verdicts import Verdicts
from daemon.ledger import Ledger
from daemon.log.events import Log
from matting.backoff import Waits


@dataclass(frozen=True, slots=True)
class Parts:
    """All that has to do with single photos, each part whole when the next is made from it."""

    destinations: Destinations
    memory: Memory
    naming: Naming
    disposing: Disposing
    publishing: Publishing
    pausing: Pausing
    concluding: Concluding
    failures: Failures
    recovery: Recovery


def put_together(
    ledger: Ledger, engine: EngineAccess, disks: Disks, log: Log, *, pause_waits: Waits
) -> Parts:
    """Make the parts; nothing is worked for yet.

    Args:
        ledger: the queue and the memory.
        engine: the engine that photo processes ask.
        disks: the disks.
        log: for what happens to each photo.
        pause_waits: between two looks whether a pause can end.
    """
    destinations, memory = Destinations(), Memory()
    naming = Naming(ledger)
    disposing = Disposing(ledger, destinations, log)
    publishing = Publishing(ledger, destinations, naming, disposing, log)
    pausing = Pausing(disks, destinations, log, waits=pause_waits)
    verdicts = Verdicts(engine, disks, destinations, memory, ledger, log)
    quarantining = Quarantining(ledger, engine, destinations, verdicts, pausing, memory, log)
    outcomes = Outcomes(ledger, destinations, naming, quarantining, pausing, memory.troubles, log)
    planned = PlannedPublishing(ledger, publishing, verdicts, outcomes, memory, log)
    failures = Failures(ledger, destinations, verdicts, outcomes, planned, log)
    concluding = Concluding(ledger, destinations, publishing, planned, failures, memory)
    recovery = Recovery(ledger, failures, quarantining, publishing, pausing, memory, log)
    return Parts(
        destinations, memory, naming, disposing, publishing, pausing, concluding, failures, recovery
    )
