"""Settings of what others are told: hooks, webhooks, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from daemon.config.locations import Location
from daemon.options import Options

_DAY_S = 86_400
Happening = Literal["filed", "flagged", "quarantined", "paused"]
Command = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1, max_length=64)
]


class HookSettings(Options):
    """Commands that are run when something has happened, with a JSON document on standard input."""

    filed: Command | None = None
    """For each photo whose results are filed: program and arguments, as a list. No shell."""
    flagged: Command | None = None
    """For each filed photo whose matte needs a look."""
    quarantined: Command | None = None
    """For each photo that was given up."""
    paused: Command | None = None
    """When a folder, or everything, is paused."""
    timeout_s: float = Field(default=60, gt=0, le=_DAY_S)
    """A command that runs longer is killed, with all that it started."""
    at_once: int = Field(default=2, ge=1, le=64)
    """How many commands may run at the same time."""

    @property
    def commands(self) -> Mapping[Happening, Command]:
        """What is to be run, by what it is run for."""
        wanted = {
            "filed": self.filed,
            "flagged": self.flagged,
            "quarantined": self.quarantined,
            "paused": self.paused,
        }
        return {name: command for name, command in wanted.items() if command is not None}  # type: ignore[misc] # the names are Happenings


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for what is no number
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("should be an http or https address")
    if parts.username or parts.password:
        raise ValueError("should hold no password; what is sent is signed with the secret instead")
    return text


Address = Annotated[str, AfterValidator(_address)]


class Webhook(Options):
    """One address that is told by POST; `matted webhooks` sends, in a unit of its own."""

    url: Address
    """An http or https address."""
    events: tuple[Happening, ...] = Field(default=("filed", "quarantined", "paused"), min_length=1)
    """What is sent: filed, flagged, quarantined, paused."""
    secret_file: Location | None = None
    """A file with the secret that signs what is sent (HMAC with SHA-256); only matted's user should
    be able to read it."""
    timeout_s: float = Field(default=10, gt=0, le=600)
    """So long the other side may take to answer."""
    give_up_s: float = Field(default=_DAY_S, gt=0, le=30 * _DAY_S)
    """What the other side has not taken by then is skipped, and the log says so."""


class MetricsSettings(Options):
    """Figures for Prometheus."""

    textfile: Location | None = None
    """A file for node_exporter's textfile collector; its name has to end in .prom."""
    every_s: float = Field(default=15, ge=1, le=3600)
    """How often it is written."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.textfile is not None and self.textfile.suffix != ".prom":
            raise ValueError("textfile should end in .prom, or node_exporter does not read it")
        return self
