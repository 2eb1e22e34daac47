"""The one door through which the page writes into the ledger: decisions, and wishes to redo.

What it may ask for is what `matted redo` asks for, and no more: nothing of intake or filing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.errors import MattedError, SettingsError
from daemon.ledger import Entry, Ledger
from daemon.ledger.decisions import Verdict
from daemon.redoing import Wish, demand, redo
from daemon.web.answers import Problem
from daemon.web.place import Place


def decide(place: Place, photo_id: int, verdict: Verdict, who: str) -> None:
    """Approve or reject what was filed.

    Raises:
        Problem: it is not filed.
    """
    with _opened(place) as ledger, _told():
        ledger.decide(photo_id, verdict, who, now_s=time.time())


def undo(place: Place, photo_id: int, who: str) -> None:
    """Take the last decision back.

    Raises:
        Problem: there is none, or it cannot be at present.
    """
    with _opened(place) as ledger, _told():
        ledger.undo(photo_id, who, now_s=time.time())


def ask_again(place: Place, entry: Entry, wish: Wish, who: str) -> None:
    """Have a photo worked through again.

    Raises:
        Problem: it cannot be.
    """
    with _told():
        demand(place.settings, wish)
    with _opened(place) as ledger, _told():
        redo(ledger, place.settings, entry, wish, who=who)


def _opened(place: Place) -> Ledger:
    return Ledger.open(place.ledger)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever is refused is said in its own words."""
    try:
        yield
    except SettingsError as error:
        raise Problem(400, error.faults[0].replace("--", "")) from error
    except MattedError as error:
        raise Problem(409, str(error)) from error
