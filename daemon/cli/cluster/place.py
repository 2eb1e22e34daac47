"""What the verbs have in common: which directory, which names, and what is missing."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import load
from daemon.config.invocation import program, typed
from daemon.config.settings import Settings
from daemon.errors import MattedError

YEARS_3 = 1095

Config = Annotated[
    Path, typer.Option(help="The daemon's settings file: the directory that it names is meant.")
]
Directory = Annotated[
    Path | None, typer.Option("--dir", help="The directory that is meant, whatever settings say.")
]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="A further name or address of that machine; may be repeated."),
]
Days = Annotated[
    int, typer.Option(min=1, max=3650, help="How long the certificate is to be valid.")
]
Again = Annotated[
    bool, typer.Option("--again", help="A new certificate in place of the one that is there.")
]


@dataclass(frozen=True, slots=True)
class Place:
    """The directory of an authority."""

    directory: Path
    settings: Settings | None
    """Those that name it, if any do."""

    @classmethod
    def of(cls, directory: Path | None, config: Path, verb: str) -> Place:
        """Find it.

        Raises:
            SettingsError: with every fault in the settings file.
            MattedError: its keys would be of no use to the daemon, which is another user's.
        """
        if directory is not None:
            return cls(directory.resolve(), None)
        settings = load.load(config, folders=False)
        if settings.state_dir.exists() and os.geteuid() != settings.state_dir.stat().st_uid:
            told = f"{settings.state_dir} belongs to another user, who has to be able to read keys"
            raise MattedError(f"{told}: `{typed(f'cluster {verb}', settings)}`")
        return cls(settings.certificates, settings)

    def typed(self, words: str) -> str:
        """A command about the same place, to be copied into a shell."""
        if self.settings is None:
            return f"{program()} {words} --dir {shlex.quote(str(self.directory))}"
        return typed(words, self.settings)

    def own_names(self) -> Sequence[str]:
        """What this machine is called, its address in the settings included."""
        address = None if self.settings is None else self.settings.executor.address
        host = [] if address is None else [_host(address)]
        return [*host, socket.gethostname()]


def _host(address: str) -> str:
    return address.rpartition("://")[2].rpartition(":")[0].strip("[]")
