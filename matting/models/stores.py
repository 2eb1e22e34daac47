"""Where models are looked for: a daemon's own store, the user's, and the one for everybody."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from matting.models.model import Model
from matting.models.store import Store


def user_directory() -> Path:
    """Where a user's own models lie: below XDG_DATA_HOME."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "matted" / "models"


def shared_directory() -> Path:
    """Where models for everybody who runs this program lie, the service among them.

    MATTED_MODELS names it; otherwise it is in the environment that the program is installed in.
    Who sets the program up installs the network that finds people there.
    """
    given = os.environ.get("MATTED_MODELS")
    return Path(given).absolute() if given else Path(sys.prefix) / "share" / "matted" / "models"


@dataclass(frozen=True, slots=True)
class Stores:
    """Where models are looked for, in this order."""

    stores: tuple[Store, ...]

    @classmethod
    def beside(cls, state_dir: Path) -> Stores:
        """A daemon's own store, then the user's and the shared one."""
        return cls((Store(state_dir / "models"), *_open(user_directory(), shared_directory())))

    @classmethod
    def of_user(cls) -> Stores:
        """The user's own store, then the shared one."""
        return cls((Store(user_directory()), *_open(shared_directory())))

    def find(self, name: str) -> Model | None:
        """The first model of that name; None if there is none.

        Raises:
            ModelError: one of the stores before it cannot be read.
        """
        found = (store.find(name) for store in self.stores)
        return next((model for model in found if model is not None), None)

    def names(self) -> list[str]:
        """The names of all models that ``find`` can find, sorted.

        Raises:
            ModelError: one of the directories cannot be read.
        """
        return sorted({name for store in self.stores for name in store.names()})

    def list(self) -> tuple[Model, ...]:
        """All that ``find`` can find.

        Raises:
            ModelError: one of them cannot be read.
        """
        found = (self.find(name) for name in self.names())
        return tuple(model for model in found if model is not None)


def _open(*directories: Path) -> list[Store]:
    """Those that are there and not closed to us, as another's home is."""
    return [Store(one) for one in directories if os.access(one, os.R_OK | os.X_OK)]
