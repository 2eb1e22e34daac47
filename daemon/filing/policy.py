"""What becomes of a photo that went wrong. Pure; the only place that maps errors to decisions."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from daemon.errors import (
    Changed,
    FolderGone,
    Interrupted,
    LedgerTrouble,
    NameTaken,
    NameTrouble,
    NoEngine,
    NoRoom,
    NotReady,
    PlanBroken,
    Refused,
    ResultsTrouble,
    SourceTrouble,
)
from matting.backoff import Waits
from matting.errors import one_line

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_NEVER_TAKEN = (errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG, errno.ENOTSUP)
"""What disks say of names that they will not take later either."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How patient to be."""

    attempts: int = 3
    """Charged attempts before quarantine."""
    give_up_s: float = 300.0
    """How long a file that does not decode must have been watched unchanged to count as bad."""
    first_wait_s: float = 2.0
    """Before the second try; doubled for each one after."""
    longest_wait_s: float = 300.0

    @property
    def waits(self) -> Waits:
        """Between two tries."""
        return Waits(self.first_wait_s, self.longest_wait_s)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the photo when its attempt failed."""

    attempts: int
    """Charged attempts, the present one included."""
    tries: int
    """Attempts in all, the present one included."""
    unchanged_s: float
    """For how long this version of the file was watched, not how long ago it was first seen."""
    waited: bool = True
    """Whether it had stayed unchanged for long enough before the attempt began; only such an
    attempt takes what is doubtful, or whole but for its end, as it is."""
    blamed: bool = True
    """Whether this photo was the one at work when an engine or a photo process died."""
    misplaced: int = 0
    """How often its present names, or their sub-folders, were of no use, this time included."""
    aside: bool = False
    """Whether its present names are others already than its profile wants."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try the photo again."""

    after_s: float
    charged: bool
    """Whether the attempt counts; if not, it is given back."""
    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop, say so, and resume when the reason is gone. The attempt is given back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Give the photo up, with a report."""

    reason: str


@dataclass(frozen=True, slots=True)
class Aside:
    """File the photo under other names than its profile wants."""

    reason: str


Decision = Retry | Pause | Aside | Quarantine


def decide(error: BaseException, facts: Facts, limits: Patience) -> Decision:
    """What to do about an error, row by row the table "Failures" of the design.

    Args:
        error: what went wrong; one that this program never raises on purpose counts as the
            photo's fault, since a photo that trips a defect will trip it again.
        facts: about the photo.
        limits: how patient to be.
    """
    reason = _reason(error)
    decision: Decision
    match error:
        case ResultsTrouble() | LedgerTrouble() | NoEngine() | FolderGone():
            decision = Pause(reason)
        case Refused():
            decision = Quarantine(reason)
        case Changed():  # the next scan tells of the new version, and ends this one
            decision = Retry(limits.waits.after(facts.tries), charged=False, reason=reason)
        case NameTrouble() | PlanBroken():  # a neighbour's doing, not the photo's
            decision = _avoid_names(error, reason, facts, limits)
        case NotReady():
            decision = _wait_for_the_rest(reason, facts, limits)
        case SourceTrouble() | NoRoom() | Interrupted():
            decision = Retry(limits.waits.after(facts.tries), charged=False, reason=reason)
        case NameTaken():
            decision = Retry(0.0, charged=False, reason=reason)
        case OSError(errno=number) if number in _NO_ROOM:
            decision = Pause(reason)
        case _:
            decision = _charge(reason, facts, limits)
    return decision


def _avoid_names(
    error: NameTrouble | PlanBroken, reason: str, facts: Facts, limits: Patience
) -> Decision:
    """Wait, then take other names: others may mend a sub-folder, but not for ever."""
    hopeless = isinstance(error, NameTrouble) and error.errno in _NEVER_TAKEN
    if not facts.aside and (facts.misplaced >= limits.attempts or hopeless):
        return Aside(reason)
    if facts.misplaced >= limits.attempts:
        return Quarantine(reason)
    return Retry(limits.waits.after(facts.misplaced), charged=False, reason=reason)


def _wait_for_the_rest(reason: str, facts: Facts, limits: Patience) -> Decision:
    left_s = limits.give_up_s - facts.unchanged_s
    if left_s <= 0 and facts.waited:
        waited = f"; unchanged for {facts.unchanged_s:.0f} s" if limits.give_up_s else ""
        return Quarantine(reason + waited)
    after_s = max(0.0, min(limits.waits.after(facts.tries), left_s))
    return Retry(after_s, charged=False, reason=reason)


def _charge(reason: str, facts: Facts, limits: Patience) -> Decision:
    if not facts.blamed:
        return Retry(0.0, charged=False, reason=reason)
    if facts.attempts >= limits.attempts:
        times = "time" if facts.attempts == 1 else "times"
        return Quarantine(f"{reason}; tried {facts.attempts} {times}")
    return Retry(limits.waits.after(facts.tries), charged=True, reason=reason)


def _reason(error: BaseException) -> str:
    """One line for people, also for errors that were not made for them."""
    text = one_line(error, longest=2000) or type(error).__name__
    known = type(error).__module__.startswith("daemon.")
    return text if known else f"{type(error).__name__}: {text}"
