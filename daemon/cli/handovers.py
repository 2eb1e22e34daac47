"""What ``matted status`` says of the next stations."""

from __future__ import annotations

import time

from rich.table import Table
from rich.text import Text

from daemon.cli.words import advice
from daemon.stations.standing import Standing, Station


def tell_stations(standing: Standing) -> list[str]:
    """A line on each station, and one if nobody asks them."""
    lines = [standing.unreadable] if standing.unreadable else []
    if standing.stations and not standing.running:
        lines.append(advice("`matted stations` is not running: nothing is handed over"))
    return lines + [_told(one) for one in standing.stations]


def handovers_given_up(standing: Standing) -> Table | None:
    """The latest photos that were given up at a station."""
    if not standing.failed:
        return None
    title = advice("given up at a station; `matted stations --again` has all asked again")
    table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False)
    for column in ("ID", "photo", "station", "since", ""):
        justify = "right" if column == "ID" else "left"
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type] # rich's literals
    for one in standing.failed:
        told = (str(one.photo or ""), one.path or "", one.station, _when(one.at_s))
        table.add_row(*map(Text, (*told, one.reason or "")))
    return table


def _told(one: Station) -> str:
    name = f"{one.folder}: station {one.name}"
    left = "" if one.wanted else ", not in the settings any more"
    failed = f", {one.failed} given up" if one.failed else ""
    if not one.waiting:
        return f"{name}: nothing waits{failed}{left}"
    since = "" if one.since_s is None else f" since {_when(one.since_s)}"
    away = "" if one.away_s is None else f"; away since {_when(one.away_s)}: {one.reason}"
    return f"{name}: {one.waiting} waiting{since}{failed}{left}{away}"


def _when(time_s: float) -> str:
    return time.strftime("%F %T", time.localtime(time_s))
