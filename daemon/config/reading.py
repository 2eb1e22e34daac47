"""What in a file is a photo of its own, and which way is up in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pages = Literal["first", "all"]
Split = Literal["none", "prints"]
Turn = Literal["none", "auto"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A folder's settings of these names, or a run's options."""

    pages: Pages = "first"
    split: Split = "none"
    turn: Turn = "none"

    @property
    def many(self) -> bool:
        """Whether a file may turn out to hold several photos."""
        return (self.pages, self.split) != ("first", "none")


AS_ONE = Reading()
