"""``matted model remove``: the opposite of install."""

from __future__ import annotations

from typing import Annotated

import typer

from daemon.cli.model.place import ChosenStore, Config, Shared, chosen_store, told
from daemon.engine.choice import choose
from daemon.errors import NoEngine, SettingsError
from matting.models.errors import UnknownModel


def main(
    name: Annotated[str, typer.Argument(help="As `matted model list` has it.")],
    config: Config = None,
    *,
    shared: Shared = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even if the settings' engine runs it.")
    ] = False,
) -> None:
    """Remove an installed model and its file; a running daemon keeps its own until it ends."""
    where = chosen_store(config, shared=shared)
    if not force and _runs(where, name):
        fault = f"the engine of these settings runs {name}; remove it all the same with --force"
        raise SettingsError(str(config), (fault,))
    with told():
        if name not in where.store.names() and (other := where.stores.find(name)) is not None:
            told_where = f"{name} is installed in {other.path.parent.parent}, not in"
            hint = "; everybody's models are removed with --shared"
            raise UnknownModel(f"{told_where} {where.store.directory}{hint}")
        where.store.remove(name)
    typer.echo(f"{name} is removed")


def _runs(where: ChosenStore, name: str) -> bool:
    """Whether the engine would start with this model."""
    if where.settings is None:
        return False
    try:
        model = choose(where.settings).model
    except NoEngine:  # it cannot start anyway
        return False
    return model is not None and model.name == name
