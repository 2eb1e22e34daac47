"""One rule says when a file is complete."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from daemon.intake.settle import Settling
from daemon.photo import Sighting, Version

ONE = Version(device=1, inode=7, size_bytes=10, mtime_ns=5)


def seen(at_s: float, version: Version = ONE, path: bytes = b"a.jpg") -> Sighting:
    return Sighting("/in", path, version, at_s)


def fed(*sightings: Sighting) -> Settling:
    settling = Settling(settle_s=2.0)
    for sighting in sightings:
        settling.observe(sighting)
    return settling


def test_one_look_settles_nothing_however_old_the_file_is() -> None:
    settling = fed(seen(0.0, replace(ONE, mtime_ns=-(10**18))))
    assert settling.due() == ()
    assert settling.to_look(1e9) == (("/in", b"a.jpg"),)
    assert settling.due() == ()


def test_two_equal_looks_settle_once_they_lie_far_enough_apart() -> None:
    assert fed(seen(0.0), seen(1.9)).due() == ()
    assert fed(seen(0.0), seen(2.0)).due() == (seen(2.0),)
    assert fed(seen(0.0), seen(1.0), seen(2.5)).due() == (seen(2.5),)


def test_a_version_settles_once() -> None:
    settling = fed(seen(0.0), seen(2.0))
    assert len(settling.due()) == 1
    for at_s in (3.0, 5.0, 1e6):
        settling.observe(seen(at_s))
    assert settling.due() == ()
    assert settling.next_look_s() is None


def test_any_change_starts_anew() -> None:
    for change in (
        replace(ONE, size_bytes=11),
        replace(ONE, mtime_ns=4),
        replace(ONE, inode=8),
        replace(ONE, device=2),
    ):
        settling = fed(seen(0.0), seen(1.5, change), seen(3.0, change))
        assert settling.due() == ()
        settling.observe(seen(3.5, change))
        assert settling.due() == (seen(3.5, change),)


def test_a_change_after_settling_is_a_new_version() -> None:
    """A scanner that appends pages to a file that was already consumed."""
    longer = replace(ONE, size_bytes=20, mtime_ns=6)
    settling = fed(seen(0.0), seen(2.0), seen(3.0, longer), seen(5.0, longer))
    assert [sighting.version for sighting in settling.due()] == [ONE, longer]


def test_an_empty_file_never_settles_and_is_reported_as_waiting() -> None:
    empty = replace(ONE, size_bytes=0)
    settling = fed(seen(0.0, empty), seen(100.0, empty))
    assert settling.due() == ()
    assert settling.waiting() == (seen(100.0, empty),)
    assert settling.next_look_s() is None


def test_the_next_look_is_asked_for_when_it_can_settle_the_file() -> None:
    settling = fed(seen(10.0), seen(10.5, path=b"b.jpg"))
    assert settling.next_look_s() == 12.0
    assert settling.to_look(11.9) == ()
    assert settling.to_look(12.0) == (("/in", b"a.jpg"),)
    assert settling.to_look(12.5) == (("/in", b"a.jpg"), ("/in", b"b.jpg"))


def test_a_file_that_is_open_for_writing_settles_anew_from_the_last_look_at_which_it_was() -> None:
    settling = fed(seen(0.0), seen(2.0))
    (found,) = settling.due()
    settling.reopen(found)
    assert settling.waiting() == (seen(2.0),)
    assert settling.next_look_s() == 4.0
    settling.observe(seen(3.9))
    assert settling.due() == ()
    settling.observe(seen(4.0))
    assert settling.due() == (seen(4.0),)


def test_a_look_from_before_does_not_count() -> None:
    """A slow scan may hand over a look that is older than a hinted one."""
    settling = fed(seen(5.0), seen(1.0))
    settling.observe(seen(6.9))
    assert settling.due() == ()


def test_a_file_that_went_away_settles_anew() -> None:
    settling = fed(seen(0.0))
    settling.forget("/in", b"a.jpg")
    settling.forget("/in", b"never-seen.jpg")
    settling.observe(seen(5.0))
    assert settling.due() == ()
    assert settling.paths("/in") == (b"a.jpg",)
    assert settling.paths("/other") == ()


FILES = st.sampled_from([b"a", b"b", b"c"])


class SettlingFiles(RuleBasedStateMachine):
    """A file tree that changes at will, looked at now and then.

    The model keeps the whole history of looks, and finds settled versions by searching it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.settling = Settling(settle_s=2.0)
        self.now_s = 0.0
        self.tree: dict[bytes, Version] = {}
        self.looks: dict[bytes, list[Sighting]] = {}
        self.settled: list[tuple[bytes, Version]] = []
        self.ticks = 0

    @rule(path=FILES, size=st.integers(0, 2))
    def write(self, path: bytes, size: int) -> None:
        self.ticks += 1
        self.tree[path] = Version(1, len(path), size, self.ticks)

    @rule(path=FILES)
    def delete_and_look(self, path: bytes) -> None:
        self.tree.pop(path, None)
        self.looks.pop(path, None)
        self.settled = [known for known in self.settled if known[0] != path]
        self.settling.forget("/in", path)

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3600.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(path=FILES)
    def look(self, path: bytes) -> None:
        if path in self.tree:
            sighting = Sighting("/in", path, self.tree[path], self.now_s)
            self.looks.setdefault(path, []).append(sighting)
            self.settling.observe(sighting)

    @rule()
    def look_as_asked(self) -> None:
        for _, path in self.settling.to_look(self.now_s):
            self.look(path)

    @rule()
    def scan(self) -> None:
        for path in tuple(self.tree):
            self.look(path)

    @invariant()
    def what_settled_was_the_same_for_long_enough(self) -> None:
        for sighting in self.settling.due():
            same = self._unchanged_looks(sighting.path)
            assert sighting in same
            assert sighting.seen_at_s - same[0].seen_at_s >= 2.0
            assert sighting.version.size_bytes > 0
            self.settled.append((sighting.path, sighting.version))

    @invariant()
    def nothing_that_could_have_settled_is_left(self) -> None:
        self.what_settled_was_the_same_for_long_enough()
        for path in self.looks:
            same = self._unchanged_looks(path)
            if same[-1].seen_at_s - same[0].seen_at_s >= 2.0 and same[0].version.size_bytes:
                assert (path, same[0].version) in self.settled

    @invariant()
    def each_version_settles_once(self) -> None:
        assert len(self.settled) == len(set(self.settled))

    def _unchanged_looks(self, path: bytes) -> list[Sighting]:
        looks = self.looks[path]
        since = max(
            (i for i, sighting in enumerate(looks) if sighting.version != looks[-1].version),
            default=-1,
        )
        return looks[since + 1 :]


TestSettlingFiles = SettlingFiles.TestCase
TestSettlingFiles.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
