"""When a folder is scanned, decided with an explicit clock."""

from __future__ import annotations

from daemon.intake.scan_times import ScanTimes


def test_a_scan_that_takes_long_is_followed_by_a_longer_rest() -> None:
    times = ScanTimes(0, settle_s=2)
    times.scanned(0, 0.5, every_s=10)
    assert times.next_s == 10.5
    times.scanned(20, 25, every_s=10)
    assert times.next_s == 75, "ten times as long as it took"


def test_a_folder_that_is_back_is_scanned_as_often_as_before() -> None:
    times = ScanTimes(0, settle_s=2)
    for _ in range(8):
        times.failed(0, 0, every_s=10)
    assert times.next_s == 60
    times.scanned(0, 0, every_s=10)
    times.failed(0, 0, every_s=10)
    assert times.next_s == 10


def test_what_one_scan_saw_is_kept_together_for_a_moment_but_not_for_long() -> None:
    times = ScanTimes(0, settle_s=2)
    times.scanned(100, 100.5, every_s=10)
    assert times.held_until_s(101.9) is None, "nothing of it is due yet"
    assert times.held_until_s(102) == 102.5
    assert times.held_until_s(102.5) is None, "all of it is"
    times.scanned(100, 130, every_s=10)
    assert times.held_until_s(102) is None, "nobody waits for so long"
