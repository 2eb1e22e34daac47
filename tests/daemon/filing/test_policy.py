"""The table "Failures" of the design, row by row."""

from __future__ import annotations

import errno
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import errors
from daemon.filing.policy import Aside, Facts, Patience, Pause, Quarantine, Retry, decide

LIMITS = Patience(attempts=3, give_up_s=300.0, first_wait_s=2.0, longest_wait_s=60.0)
FIRST = Facts(attempts=1, tries=1, unchanged_s=5.0)
LAST = replace(FIRST, attempts=3, tries=3)

BUSY = errors.SourceTrouble("cannot be read: Device or resource busy", errno.EBUSY)
CRASH = errors.EngineFailed("the engine died", 4711)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EACCES, errno.ESTALE, errno.EIO])
def test_a_file_that_cannot_be_read_is_retried_for_ever_and_free(number: int) -> None:
    patient = replace(LAST, tries=1000, unchanged_s=1e6)
    for facts in (FIRST, LAST, patient):
        decision = decide(errors.SourceTrouble("no", number), facts, LIMITS)
        assert isinstance(decision, Retry)
        assert not decision.charged


def test_waiting_grows_from_try_to_try_up_to_a_limit() -> None:
    waits = []
    for tries in (1, 2, 3, 4, 5, 6, 7, 2000):
        decision = decide(BUSY, replace(FIRST, tries=tries), LIMITS)
        assert isinstance(decision, Retry)
        waits.append(decision.after_s)
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_file_that_does_not_decode_is_not_ready_until_it_stayed_unchanged() -> None:
    error = errors.NotReady("ends early")
    for unchanged_s in (0.0, 299.0):
        decision = decide(error, replace(FIRST, unchanged_s=unchanged_s), LIMITS)
        assert isinstance(decision, Retry)
        assert not decision.charged
    decision = decide(error, replace(FIRST, unchanged_s=300.0), LIMITS)
    assert decision == Quarantine("ends early; unchanged for 300 s")


def test_a_version_that_was_replaced_while_it_waited_is_not_bad() -> None:
    """It may have waited for hours in a backlog: its age says nothing about its successor."""
    old = replace(FIRST, tries=3, unchanged_s=1e5)
    assert decide(errors.Changed("changed while it was read"), old, LIMITS) == Retry(
        8.0, charged=False, reason="changed while it was read"
    )


def test_the_last_try_at_an_unready_file_comes_when_patience_ends() -> None:
    facts = replace(FIRST, tries=20, unchanged_s=290.0)
    assert decide(errors.NotReady("ends early"), facts, LIMITS) == Retry(
        10.0, charged=False, reason="ends early"
    )


def test_patience_that_ends_during_an_attempt_still_allows_a_last_look() -> None:
    """The attempt did not know that nothing more would come, and may have refused a whole photo."""
    facts = replace(FIRST, unchanged_s=301.0, waited=False)
    decision = decide(errors.NotReady("ends early"), facts, LIMITS)
    assert decision == Retry(0.0, charged=False, reason="ends early")
    assert isinstance(
        decide(errors.NotReady("ends early"), replace(facts, waited=True), LIMITS), Quarantine
    )


@pytest.mark.parametrize(
    "error",
    [
        errors.NotAPhoto("no decoder knows it"),
        errors.TooManyPixels("600 megapixels, 250 are allowed"),
        errors.Refused("the result folder does not take such a name"),
        errors.NotWritten("cannot be written as PNG"),
    ],
)
def test_what_will_never_work_goes_to_quarantine_at_once(error: errors.Refused) -> None:
    assert decide(error, FIRST, LIMITS) == Quarantine(error.reason)


@pytest.mark.parametrize(
    "error", [CRASH, errors.WorkerDied("killed"), errors.OutOfMemory("GPU memory is full")]
)
def test_a_photo_that_kills_is_charged_and_given_up_after_its_attempts(error: Exception) -> None:
    for attempts in (1, 2):
        decision = decide(error, replace(FIRST, attempts=attempts), LIMITS)
        assert isinstance(decision, Retry)
        assert decision.charged
    assert decide(error, LAST, LIMITS) == Quarantine(f"{error}; tried 3 times")
    assert decide(error, FIRST, replace(LIMITS, attempts=1)) == Quarantine(f"{error}; tried 1 time")


@pytest.mark.parametrize("error", [CRASH, errors.WorkerDied("killed")])
def test_a_photo_that_was_not_at_work_when_the_engine_died_goes_free(error: Exception) -> None:
    decision = decide(error, replace(LAST, blamed=False), LIMITS)
    assert decision == Retry(0.0, charged=False, reason=str(error))


def test_out_of_memory_even_at_a_smaller_size_costs_an_attempt() -> None:
    decision = decide(errors.OutOfMemory("GPU memory is full"), FIRST, LIMITS)
    assert isinstance(decision, Retry)
    assert decision.charged


@pytest.mark.parametrize(
    "error",
    [
        errors.ResultsTrouble("No space left on device", errno.ENOSPC),
        errors.ResultsTrouble("Read-only file system", errno.EROFS),
        errors.LedgerTrouble("the ledger: disk I/O error"),
        errors.NoEngine("no GPU"),
    ],
)
def test_trouble_of_the_house_pauses_all_and_charges_nobody(error: Exception) -> None:
    assert decide(error, LAST, LIMITS) == Pause(str(error))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_pauses_all_whoever_meets_it(number: int) -> None:
    assert isinstance(decide(OSError(number, "full"), LAST, LIMITS), Pause)


def test_a_watched_folder_that_is_away_charges_nobody() -> None:
    error = errors.FolderGone("cannot be read: Stale file handle", errno.ESTALE)
    assert decide(error, LAST, LIMITS) == Pause(error.reason)


@pytest.mark.parametrize(
    "error",
    [
        errors.NameTrouble("not a folder (smith)", errno.EACCES),
        errors.PlanBroken("a staged result is missing"),
    ],
)
def test_what_others_did_is_waited_for_then_gone_round_then_given_up_and_never_charged(
    error: errors.PhotoError,
) -> None:
    """Somebody else's sub-folder may be mended; the photo is not to blame for it."""
    found = [
        decide(error, replace(LAST, misplaced=times, aside=aside), LIMITS)
        for aside in (False, True)
        for times in (1, 2, 3)
    ]
    waits = [Retry(after_s, charged=False, reason=error.reason) for after_s in (2.0, 4.0)]
    assert found == [*waits, Aside(error.reason), *waits, Quarantine(error.reason)]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG, errno.ENOTSUP])
def test_a_name_that_the_disk_does_not_take_is_exchanged_at_once(number: int) -> None:
    error = errors.NameTrouble("Invalid argument", number)
    assert decide(error, replace(FIRST, misplaced=1), LIMITS) == Aside(error.reason)


def test_a_taken_name_is_renumbered_at_once_and_free() -> None:
    decision = decide(errors.NameTaken(b"a\n.png"), LAST, LIMITS)
    assert isinstance(decision, Retry)
    assert (decision.after_s, decision.charged) == (0.0, False)


@pytest.mark.parametrize(
    "error",
    [ValueError("a\ndefect"), MemoryError(), RecursionError()],
)
def test_a_defect_that_a_photo_trips_counts_against_the_photo(error: Exception) -> None:
    decision = decide(error, FIRST, LIMITS)
    assert isinstance(decision, Retry)
    assert decision.charged
    assert "\n" not in decision.reason
    assert decision.reason
    assert isinstance(decide(error, LAST, LIMITS), Quarantine)


ALL_ERRORS = [
    BUSY,
    CRASH,
    errors.NotReady("r"),
    errors.Changed("r"),
    errors.NotAPhoto("r"),
    errors.TooManyPixels("r"),
    errors.NotWritten("r"),
    errors.OutOfMemory("r"),
    errors.WorkerDied("r"),
    errors.PlanBroken("r"),
    errors.ResultsTrouble("r", errno.ENOSPC),
    errors.FolderGone("r", errno.ENOENT),
    errors.NameTrouble("r", errno.EACCES),
    errors.NameTaken(b"caf\xe9"),
    errors.LedgerTrouble("r"),
    errors.NoEngine("r"),
    errors.SettingsError("f", ("a", "b")),
]


@pytest.mark.parametrize("error", ALL_ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_survives_the_way_back_from_a_photo_process(error: Exception) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


@given(
    error=st.sampled_from(ALL_ERRORS),
    attempts=st.integers(1, 5),
    tries=st.integers(1, 10_000),
    unchanged_s=st.floats(0, 1e9),
    blamed=st.booleans(),
)
def test_no_photo_is_retried_in_a_busy_loop_or_charged_beyond_its_attempts(
    error: Exception, attempts: int, tries: int, unchanged_s: float, *, blamed: bool
) -> None:
    decision = decide(error, Facts(attempts, tries, unchanged_s, blamed), LIMITS)
    if isinstance(decision, Retry):
        free_and_at_once = isinstance(error, errors.NameTaken) or not blamed
        assert free_and_at_once or decision.after_s > 0
        assert decision.after_s <= LIMITS.longest_wait_s
        assert not (decision.charged and attempts >= LIMITS.attempts)


def test_a_photo_for_which_there_is_no_room_waits_alone_and_free() -> None:
    error = pickle.loads(pickle.dumps(errors.NoRoom("needs 9 GB", errno.ENOSPC)))  # noqa: S301 - our own bytes
    decision = decide(error, replace(LAST, tries=1000), LIMITS)
    assert isinstance(decision, Retry)
    assert not decision.charged
