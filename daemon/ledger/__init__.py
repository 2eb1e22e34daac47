"""The queue and the memory: which photos are there, how far each has come, what became of it."""

from daemon.ledger.ledger import Ledger
from daemon.ledger.rows import Entry, Planned, Recovery, State

__all__ = ["Entry", "Ledger", "Planned", "Recovery", "State"]
