"""From which value on each reason is told, for each engine.

`python -m tests.benchmarks.flags` measures what they are worth; docs/flags.md has its figures.
"""

from __future__ import annotations

from collections.abc import Mapping

Limits = Mapping[str, float]
"""By reason: what exceeds it is told."""

_ANY: Limits = {
    "face_outside": 0.7,
    "nobody": 0.5,
    "borders": 2.5,
    "unsure": 5.0,
    "smear": 8.0,
    "looks": 3.0,
    "second": 3.0,
    "grain": 0.43,
    "hole": 0.3,
    "parts": 0.3,
    "hair": 0.08,
    "hair_edge": 0.25,
    "clothes": 0.12,
    "face": 0.12,
}

_PEOPLE: Limits = {
    **_ANY,
    "unsure": 4.2,
    "looks": 2.6,
    "second": 3.4,
    "grain": 0.55,
}

LIMITS: Mapping[str, Limits] = {"people": _PEOPLE}
"""By the engine's name."""


def limits(engine: str) -> Limits:
    """Of an engine; those that were calibrated with U2-Net-P for one that has none of its own."""
    return LIMITS.get(engine, _ANY)
