"""How much is measured: everything, or as much as fits into a minute."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each thing is done."""

    megapixels: tuple[float, ...]
    """Sizes of the photos whose stages are timed."""
    rounds: int
    """Photos of each size."""
    batch_megapixels: float
    """Size of the photos whose throughput is measured."""
    batch: int
    """Photos that are there at once."""
    batches: int
    """Pairs of batches: one worker, two workers, one worker..."""
    arrivals: int
    """Small photos that arrive one by one, in each way of arriving."""
    known: int
    """Files that lie in the watched folder while nothing happens."""
    idle_s: float
    """How long nothing happens."""
    rest_s: float
    """How long is waited before that, until everything has come to rest."""
    stubbed: int
    """Small photos for which memory is watched, with the stub engine."""
    matted: int
    """And with the real one."""
    pairs: int
    """Turns of ourselves and the peer."""
    starts: int
    """Runs with a single photo."""
    filed: int
    """Photos that a ledger has filed."""
    files: int
    """Known files in a folder that is scanned."""
    tiny: int
    """Photos of 64 x 64 pixels that are there at once."""


FULL = Effort(
    megapixels=(1.5, 6.0, 24.0),
    rounds=5,
    batch_megapixels=6.0,
    batch=4,
    batches=2,
    arrivals=20,
    known=1000,
    idle_s=20.0,
    rest_s=3.0,
    stubbed=200,
    matted=24,
    pairs=3,
    starts=5,
    filed=1_000_000,
    files=100_000,
    tiny=400,
)
QUICK = Effort(
    megapixels=(1.5, 6.0),
    rounds=1,
    batch_megapixels=1.5,
    batch=3,
    batches=1,
    arrivals=5,
    known=1000,
    idle_s=10.0,
    rest_s=3.0,
    stubbed=40,
    matted=4,
    pairs=1,
    starts=1,
    filed=20_000,
    files=5_000,
    tiny=40,
)
