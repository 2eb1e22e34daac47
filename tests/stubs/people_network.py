"""The network that finds people, as `make people` installed it: tests download nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from matting.models.catalog import CATALOG, PEOPLE
from matting.models.model import Model
from matting.models.store import Store
from matting.models.stores import shared_directory

SHARED = shared_directory()
"""Read when tests begin, since some of them have a directory of their own for everybody."""


def installed() -> Model | None:
    """The model, if it is the one that this version's catalog means."""
    model = Store(SHARED).find(PEOPLE)
    package = CATALOG[PEOPLE].package
    return model if model is not None and package and model.sha256 == package.sha256 else None


def furnish(directory: Path) -> None:
    """Make a store of a directory, with this model as its only one; nothing is tried out."""
    model = installed()
    assert model is not None, "take the fixture people_network, too: it skips"
    (directory / "files").mkdir(parents=True, exist_ok=True)
    shutil.copy(model.path, directory / "files")
    shutil.copy(SHARED / f"{PEOPLE}.json", directory)
