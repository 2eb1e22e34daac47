"""``matted model verify``: are the installed files still what was installed?"""

from __future__ import annotations

from typing import Annotated

import typer

from daemon.cli.model.place import ChosenStore, Config, Shared, chosen_store, told
from daemon.errors import MattedError
from matting.models.content import verify
from matting.models.errors import ModelError, UnknownModel


def main(
    name: Annotated[str | None, typer.Argument(help="One of them; without it, all.")] = None,
    config: Config = None,
    *,
    shared: Shared = False,
) -> None:
    """Read the installed files again and compare them with what was installed.

    The exit code is 1 if one of them is CHANGED, MISSING or DAMAGED.
    """
    where = chosen_store(config, shared=shared)
    with told():
        names = where.stores.names() if name is None else [name]
        verdicts = [_verdict(where, each) for each in names]
    if bad := sum(verdict != "OK" for verdict in verdicts):
        raise MattedError(f"{bad} of {len(verdicts)} are not what was installed; install them anew")


def _verdict(where: ChosenStore, name: str) -> str:
    try:
        model = where.stores.find(name)
    except UnknownModel:
        raise
    except ModelError as error:
        typer.echo(f"DAMAGED  {name}: {error}")
        return "DAMAGED"
    if model is None:
        raise UnknownModel(f"{name} is not installed in {where.store.directory}")
    verdict = verify(model)
    typer.echo(f"{verdict:8} {name}  {model.path}")
    return verdict
