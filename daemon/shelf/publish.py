"""Give staged outputs their final names: all of them, once, and never over another file."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from daemon.errors import NameTaken, PlanBroken
from daemon.plan import Move, Plan
from daemon.shelf import below, roots
from daemon.shelf.below import Spot
from daemon.shelf.durable import rename, results_trouble, sha256, unlink


class _State(Enum):
    STAGED = auto()
    PUBLISHED = auto()
    BOTH = auto()
    """Two names of one file: where renaming is linking and unlinking, and it was cut short."""
    TAKEN = auto()
    """Staged, but the name is somebody else's file."""
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class _Root:
    """Where a plan is carried out.

    What is staged is reached by a handle of its own, which stays on our staging directory whatever
    is put in its place.
    """

    at: int
    staging: int

    def spot(
        self, relative: bytes, *, make: bool = False
    ) -> contextlib.AbstractContextManager[Spot]:
        return below.spot(*self._apart(relative), make=make)

    def look_up(self, relative: bytes) -> os.stat_result | None:
        return below.look_up(*self._apart(relative))

    def _apart(self, relative: bytes) -> tuple[int, bytes]:
        first, _, rest = relative.partition(b"/")
        return (self.staging, rest) if first == roots.STAGING else (self.at, relative)


@contextlib.contextmanager
def _opened(plan: Plan) -> Iterator[_Root]:
    with roots.opened(plan.results) as handles:
        yield _Root(*handles)


def publish(plan: Plan) -> None:
    """Carry out a plan; if an earlier call was cut short, anywhere, take it up where it was.

    When this returns, all files lie under their final names and would after a power cut. The
    plan's files must be on disk already, which ``staging.seal`` sees to.

    Raises:
        NameTaken: another file has one of the names; none of ours is published.
        PlanBroken: a file is missing or is not what was planned; none of ours is published.
        ResultsTrouble: the result folder, or a name in it, cannot be written; call again when it
            can, or ``withdraw``.
    """
    with results_trouble("results cannot be published"), _opened(plan) as root:
        states = {move: _state(root, move) for move in plan.moves}
        _refuse(root, states)
        for move, state in states.items():
            if state is _State.BOTH:
                with root.spot(move.staged) as staged:
                    unlink(staged)
            elif state is _State.STAGED:
                _rename(root, move, plan)
        for above in {os.path.dirname(move.final) for move in plan.moves}:
            with below.directory(root.at, above) as directory:
                below.sync(directory)


def withdraw(plan: Plan) -> None:
    """Take back into staging what was published of a plan that will not be carried out.

    Raises:
        ResultsTrouble: that is not possible at present; what remains is still part of the plan.
    """
    with results_trouble("results cannot be taken back"), _opened(plan) as root:
        _withdraw(root, _published({move: _state(root, move) for move in plan.moves}))


def _rename(root: _Root, move: Move, plan: Plan) -> None:
    with (
        root.spot(move.staged) as staged,
        root.spot(move.final, make=True) as final,
    ):
        try:
            rename(staged, final)
        except FileExistsError as error:
            _withdraw(root, plan.moves)  # here, whatever is not staged is ours
            raise NameTaken(move.final) from error


def _refuse(root: _Root, states: dict[Move, _State]) -> None:
    """Stop before the first rename, where possible; else take back what was published."""
    if not {_State.TAKEN, _State.BROKEN} & set(states.values()):
        return
    _withdraw(root, _published(states))
    if _State.BROKEN in states.values():
        raise PlanBroken("a staged result is missing or damaged")
    raise NameTaken(next(move.final for move, at in states.items() if at is _State.TAKEN))


def _published(states: dict[Move, _State]) -> list[Move]:
    return [move for move, at in states.items() if at in {_State.PUBLISHED, _State.BOTH}]


def _state(root: _Root, move: Move) -> _State:
    staged, final = (root.look_up(name) for name in (move.staged, move.final))
    if staged is None:
        ours = final is not None and _is_planned(root, move, final)
        return _State.PUBLISHED if ours else _State.BROKEN
    if staged.st_size != move.size_bytes or not stat.S_ISREG(staged.st_mode):
        return _State.BROKEN
    if final is None:
        return _State.STAGED
    return _State.BOTH if os.path.samestat(staged, final) else _State.TAKEN


def _is_planned(root: _Root, move: Move, found: os.stat_result) -> bool:
    """By content, since inode numbers of network file systems may change with every mount."""
    if not stat.S_ISREG(found.st_mode) or found.st_size != move.size_bytes:
        return False
    with root.spot(move.final) as final:
        return sha256(final) == move.sha256


def _withdraw(root: _Root, ours: Sequence[Move]) -> None:
    """Take published files back into staging, since half a set is worse than none."""
    for move in ours:
        one, other = (root.look_up(name) for name in (move.staged, move.final))
        if other is None or (one and not os.path.samestat(one, other)):
            continue
        with (
            root.spot(move.final) as final,
            root.spot(move.staged, make=True) as staged,
        ):
            if one:
                unlink(final)
            else:
                rename(final, staged)
            below.sync(final.directory)
