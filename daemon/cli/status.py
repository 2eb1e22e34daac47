"""``matted status``: what the daemon is at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.handovers import handovers_given_up, tell_stations
from daemon.cli.listing import Listing
from daemon.cli.words import advice, moment, tell_flag
from daemon.config import load
from daemon.errors import SettingsError
from daemon.ledger import Entry, State
from daemon.service.status import Status, read
from daemon.stations.standing import wanted

_FAULTY = 2
"""As everywhere, where all else is well."""


def main(
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    flagged: Annotated[
        bool, typer.Option("--flagged", help="List which of today's mattes to look at, and why.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C, always up to date.")
    ] = False,
) -> None:
    """Show queue, folders and failures, whether the daemon runs or not.

    Ends with 0 if all is well, 10 if no daemon runs, 11 if something is paused, 12 if photos are in
    quarantine, 14 if photos wait in vain for a station or were given up there, 13 if some of
    today's mattes should be looked at; with the first that holds.
    """
    state_dir, stations, faulty = _place(config)
    if follow:
        from daemon.cli import drawing  # noqa: PLC0415 - see _tell

        drawing.follow(lambda: _shown(read(state_dir, stations), flagged=flagged))
    status = read(state_dir, stations)
    if as_json:
        typer.echo(json.dumps(status.as_json()))
    else:
        _tell(*_shown(status, flagged=flagged))
    raise typer.Exit(status.condition or (_FAULTY if faulty else 0))


def _tell(lines: Sequence[str], listings: Sequence[Listing]) -> None:
    for number, line in enumerate(lines):
        typer.secho(line, bold=number == 0)
    if listings:
        # What draws tables takes a tenth of all the time here, and a daemon that is well has none.
        from daemon.cli import drawing  # noqa: PLC0415

        drawing.show(listings)


def _place(config: Path) -> tuple[Path, tuple[str, ...], bool]:
    """Where to look and which stations there should be; and whether the settings have faults.

    The daemon may still hold older ones.
    """
    try:
        settings = load.load(config)
        return settings.state_dir, wanted(settings), False
    except SettingsError as error:
        state_dir = load.state_dir_in_spite(config)
        typer.echo(f"matted: {error}\n  (the next start or reload would be refused)", err=True)
        return state_dir, (), True


def _shown(status: Status, *, flagged: bool) -> tuple[Sequence[str], Sequence[Listing]]:
    """Lines, the first of which says the most, and what there is to list below them."""
    folders, workers = _folders(status), _workers(status)
    lines = (_headline(status), _numbers(status), *folders, *workers)
    return (*lines, *tell_stations(status.stations)), tuple(_listings(status, flagged=flagged))


def _listings(status: Status, *, flagged: bool) -> Iterator[Listing]:
    yield from _listed("at work", status.working, partial(_where, _workers_of(status)))
    yield from _listed("to be tried again", status.retrying)
    yield from _listed(advice("failed; `matted retry ID` tries one again"), status.failed)
    yield from _listed("filed, but their originals were not deleted", status.kept)
    if flagged:
        yield from _listed("filed today; look at them", status.flagged, _why)
    yield from handovers_given_up(status.stations)


def _headline(status: Status) -> str:
    if not status.running:
        return "The daemon is not running."
    engine = status.news.get("engine", {})
    ran = f" with {engine['engine']} on {engine['device']}" if engine else ""
    paused = status.news.get("paused")
    return f"The daemon is paused: {paused}" if paused else f"The daemon is running{ran}."


def _numbers(status: Status) -> str:
    counts = status.counts
    waiting = counts[State.WAITING] + counts[State.RETRYING]
    working = counts[State.WORKING] + counts[State.PUBLISHING]
    flagged = f"; {n} of today's to be looked at" if (n := status.flagged_today) else ""
    return (
        f"{waiting} waiting, {working} at work, {status.filed_today} filed today"
        f" ({counts[State.FILED]} in all), {counts[State.FAILED]} failed{flagged}"
    )


def _folders(status: Status) -> list[str]:
    lines = []
    for path, folder in status.news.get("folders", {}).items():
        state = f"paused: {folder['paused']}" if folder["paused"] else "watched"
        seen = "with events" if folder["events"] else "by scanning only"
        settling = f", {folder['settling']} settling" if folder["settling"] else ""
        missed = f", {n} photos found by scan only" if (n := folder.get("missed")) else ""
        lines.append(f"{path}: {state}, {folder['file_system']}, {seen}{settling}{missed}")
    return lines


def _workers(status: Status) -> list[str]:
    lines = []
    for one in status.news.get("workers", ()):
        runs = f"{one['engine']} on {one['device']}" if one["device"] else one["engine"]
        rate = f"{one['per_minute']:g} photos/min"
        state = one["trouble"] or f"{one['at_work']} of {one['slots']} at work, {rate}"
        lines.append(f"worker {one['name']} ({one['address']}): {runs}, {state}")
    return lines


def _workers_of(status: Status) -> Mapping[int, str]:
    """Who has which photo."""
    told = status.news.get("workers", ())
    return {photo: one["name"] for one in told for photo in one["photos"]}


def _where(workers: Mapping[int, str], entry: Entry) -> str:
    worker = workers.get(entry.photo.id)
    return _reason(entry) if worker is None else f"on {worker}"


def _reason(entry: Entry) -> str:
    return entry.reason or ""


def _why(entry: Entry) -> str:
    return "\n".join(tell_flag(flag) for flag in (entry.filed.flags if entry.filed else ()))


def _listed(
    title: str, entries: Sequence[Entry], told: Callable[[Entry], str] = _reason
) -> Iterator[Listing]:
    if entries:
        rows = tuple(
            (str(entry.photo.id), entry.photo.shown, moment(entry.changed_s), told(entry))
            for entry in entries
        )
        yield Listing(title, ("ID", "photo", "since", ""), rows)
