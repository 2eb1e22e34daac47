"""Delays grow, up to a limit, and start small again."""

from matting.backoff import Backoff


def test_delays_double_up_to_a_minute_and_start_again_after_a_success():
    backoff = Backoff()
    assert [backoff.next() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next() == 0.5
