"""What ``matted status`` says of the next stations."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.cli.listing import Listing
from daemon.cli.words import advice, moment
from daemon.stations.standing import Standing, Station


def tell_stations(standing: Standing) -> list[str]:
    """A line on each station, and one if nobody asks them."""
    lines = [standing.unreadable] if standing.unreadable else []
    if standing.stations and not standing.running:
        lines.append(advice("`matted stations` is not running: nothing is handed over"))
    return lines + [_told(one) for one in standing.stations]


def handovers_given_up(standing: Standing) -> Iterator[Listing]:
    """The latest photos that were given up at a station, if any were."""
    if standing.failed:
        title = advice("given up at a station; `matted stations --again` has all asked again")
        rows = tuple(
            (str(one.photo or ""), one.path or "", one.station, moment(one.at_s), one.reason or "")
            for one in standing.failed
        )
        yield Listing(title, ("ID", "photo", "station", "since", ""), rows)


def _told(one: Station) -> str:
    name = f"{one.folder}: station {one.name}"
    left = "" if one.wanted else ", not in the settings any more"
    failed = f", {one.failed} given up" if one.failed else ""
    if not one.waiting:
        return f"{name}: nothing waits{failed}{left}"
    since = "" if one.since_s is None else f" since {moment(one.since_s)}"
    away = "" if one.away_s is None else f"; away since {moment(one.away_s)}: {one.reason}"
    return f"{name}: {one.waiting} waiting{since}{failed}{left}{away}"
