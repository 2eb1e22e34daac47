"""A full disk and a failing one, at every call that changes it: filing waits, and ends well.

Once: one call fails and the next succeed, so that filing has to manage by itself. From then on:
every such call fails until the fault is taken away under the running process, which has to go on
by itself. A process may refuse to start, in one line; then the next one has to manage.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from crash_points import VARIANTS, Case, Forge, Point, Variant, thinned, traced
from driver import REFUSED
from summary import Tally

_HEALED_AFTER_S = 0.15
KEEP, ARCHIVE, DELETE, ELSEWHERE, NO_RENAME, *_, TAKEN = VARIANTS
ERRORS = ("ENOSPC", "EIO")


def fail_at(
    point: Point, errno: str, case: Case, forge: Forge, *, from_then_on: bool = False
) -> str | None:
    """Let a call fail; returns what was wrong with how that ended."""
    when = f"{point.number}{'+' if from_then_on else ''}"
    injections = (*case.variant.always, f"{point.call}:error={errno}:when={when}")
    healed_after_s = _HEALED_AFTER_S if from_then_on else 0
    status = forge.run(case, *injections, healed_after_s=healed_after_s)
    if status not in {0, REFUSED}:
        return f"it ended with {status}"
    # What could not be tidied up, the next start does.
    again = forge.run(case, *case.variant.always)
    return f"the next run ended with {again}" if again else None


def try_all(
    variant: Variant,
    errno: str,
    forge: Forge,
    disk: Path,
    tally: Tally,
    *,
    from_then_on: bool,
    every: int,
) -> None:
    found = thinned(traced(forge, forge.case(variant, disk)))
    chosen = found[ERRORS.index(errno) :: every]  # each error has points of its own
    fail_at_each(chosen, variant, errno, forge, disk, tally, from_then_on=from_then_on)


def fail_at_each(
    chosen: list[Point],
    variant: Variant,
    errno: str,
    forge: Forge,
    disk: Path,
    tally: Tally,
    *,
    from_then_on: bool = False,
) -> None:
    broken = []
    for point in chosen:
        case = forge.case(variant, disk)
        wrong = fail_at(point, errno, case, forge, from_then_on=from_then_on)
        account = case.audit(busy=True)
        if wrong or account.faults or (account.filed, account.quarantined) != (1, 1):
            broken.append(f"{variant.name}, {errno} at {point}: {wrong} {account}\n{case.log}")
        tally.injected_errors += 1
        tally.add(account)
        case.clear()
    assert not broken, "\n".join(broken)


@pytest.mark.faults
@pytest.mark.parametrize("errno", ERRORS)
@pytest.mark.parametrize("variant", [KEEP, ARCHIVE, ELSEWHERE, TAKEN], ids=lambda one: one.name)
def test_one_call_that_fails_is_made_good(
    variant: Variant, errno: str, forge: Forge, disk: Path, tally: Tally
) -> None:
    try_all(variant, errno, forge, disk, tally, from_then_on=False, every=2)


@pytest.mark.faults
@pytest.mark.parametrize("errno", ERRORS)
@pytest.mark.parametrize("variant", [DELETE, ELSEWHERE, NO_RENAME], ids=lambda one: one.name)
def test_calls_that_go_on_failing_are_waited_out(
    variant: Variant, errno: str, forge: Forge, disk: Path, tally: Tally
) -> None:
    try_all(variant, errno, forge, disk, tally, from_then_on=True, every=4)


@pytest.mark.parametrize(
    ("errno", "from_then_on"), [("ENOSPC", True), ("EIO", True), ("EIO", False)]
)
def test_some_calls_that_fail_are_made_good(
    errno: str, *, from_then_on: bool, forge: Forge, disk: Path, tally: Tally
) -> None:
    try_all(ARCHIVE, errno, forge, disk, tally, from_then_on=from_then_on, every=25)


def test_a_ledger_that_fails_when_all_is_done_forgets_nothing(
    forge: Forge, disk: Path, tally: Tally
) -> None:
    """The results are filed under second names, the original is deleted: not to be begun again."""
    last = traced(forge, forge.case(TAKEN, disk))[-24:]
    writes = [point for point in last if point.call in {"pwrite64", "fdatasync"}]
    assert len(writes) > 8, last
    fail_at_each(writes, TAKEN, "EIO", forge, disk, tally)
