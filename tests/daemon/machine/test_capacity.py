"""How many photos at once, and how large, by a machine's cores and memory."""

from __future__ import annotations

import pytest

from daemon.machine.capacity import Capacity, largest_megapixels, need_bytes

GB = 10**9


@pytest.mark.parametrize(
    ("cores", "memory_gb", "count"), [(1, 2, 1), (2, 8, 2), (8, 16, 5), (16, 64, 16), (16, 8, 8)]
)
def test_one_for_each_core_as_long_as_memory_does_for_large_photos(
    cores: int, memory_gb: int, count: int
) -> None:
    """Never fewer than one for two cores."""
    machine = Capacity(cores, memory_gb * GB)
    assert machine.workers("auto") == count
    assert machine.workers(3) == 3


def test_what_a_photo_needs_is_what_is_enough_for_it() -> None:
    for megapixels in (1, 24, 100, 250):
        assert largest_megapixels(need_bytes(megapixels)) == pytest.approx(megapixels)
    assert need_bytes(100) < 2.5 * GB
    assert largest_megapixels(0) == 0


def test_photo_processes_share_four_fifths_of_the_memory() -> None:
    machine = Capacity(4, 10 * GB)
    assert machine.each_bytes("auto", 4) == 2 * GB
    assert machine.each_bytes(512, 4) == 512 << 20


def test_this_machine_has_cores_and_memory() -> None:
    here = Capacity.here()
    assert here.cores >= 1
    assert here.memory_bytes > GB // 2
