"""How long each stage of one photo's way takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Value = TypeVar("Value")


class Stages:
    """Seconds per stage, in the order in which the stages ran."""

    def __init__(self) -> None:
        self.took_s: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time one stage."""
        began_s = time.monotonic()
        yield
        took_s = self.took_s.get(name, 0.0) + time.monotonic() - began_s
        self.took_s[name] = round(took_s, 4)

    def each(self, name: str, values: Iterator[Value]) -> Iterator[Value]:
        """Time what makes the values, and not what is done with them."""
        while True:
            with self(name):
                value = next(values, None)
            if value is None:
                return
            yield value
