"""What the verbs have in common: which store, and what its errors become."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from daemon import errors
from daemon.config import load
from daemon.config.settings import Settings
from matting.errors import EngineUnavailable
from matting.models.errors import Busy, ModelError, UnknownModel
from matting.models.store import Store
from matting.models.stores import Stores, shared_directory

Config = Annotated[
    Path | None,
    typer.Option(
        help="A daemon's settings file: its own models are meant, below its state_dir. Without one,"
        " they are yours: ~/.local/share/matted/models."
    ),
]


Shared = Annotated[
    bool,
    typer.Option(
        "--shared",
        help="The models of everybody who runs this matted, in its own environment (or where"
        " MATTED_MODELS says), instead.",
    ),
]


@dataclass(frozen=True, slots=True)
class ChosenStore:
    """The store that a command is about."""

    settings: Settings | None
    store: Store
    """That is written to."""
    stores: Stores
    """That are looked into."""


def chosen_store(config: Path | None, *, shared: bool = False) -> ChosenStore:
    """Find the store.

    Raises:
        SettingsError: with every fault in the settings file.
    """
    settings = None if config is None else load.load(config, folders=False)
    stores = Stores.of_user() if settings is None else Stores.beside(settings.state_dir)
    if shared:
        stores = Stores((Store(shared_directory()),))
    return ChosenStore(settings, stores.stores[0], stores)


@contextmanager
def told() -> Iterator[None]:
    """Make this program's errors of those of models and engines: each has its exit code.

    Raises:
        MattedError: of the kind that ``daemon.cli.exit_code`` knows.
    """
    try:
        yield
    except UnknownModel as error:
        raise errors.SettingsError("model", (str(error),)) from error
    except Busy as error:
        raise errors.InUse(str(error)) from error
    except ModelError as error:
        raise errors.MattedError(str(error)) from error
    except EngineUnavailable as error:
        raise errors.NoEngine(str(error)) from error


def size(size_bytes: int) -> str:
    """For people."""
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 10e6 else f"{size_bytes / 1e6:.1f} MB"
