"""Give staged outputs their final names: all of them, once, and never over another file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import Enum, auto

from daemon.errors import NameTaken, PlanBroken
from daemon.shelf.durable import make_directories, rename, results_trouble, sha256, sync_directory
from daemon.shelf.plan import Move, Plan
from daemon.shelf.staging import STAGING


class _State(Enum):
    STAGED = auto()
    PUBLISHED = auto()
    BOTH = auto()
    """Two names of one file: where renaming is linking and unlinking, and it was cut short."""
    TAKEN = auto()
    """Staged, but the name is somebody else's file."""
    BROKEN = auto()


def publish(plan: Plan) -> None:
    """Carry out a plan; if an earlier call was cut short, anywhere, take it up where it was.

    When this returns, all files lie under their final names and would after a power cut. The
    plan's files must be on disk already, which ``staging.seal`` sees to.

    Raises:
        NameTaken: another file has one of the names; none of ours is published.
        PlanBroken: a file is missing or is not what was planned; none of ours is published.
        ResultsTrouble: the result folder cannot be written; call again when it can.
    """
    with results_trouble("results cannot be published"):
        states = {move: _state(plan.results, move) for move in plan.moves}
        _refuse(plan, states)
        for move, state in states.items():
            if state is _State.BOTH:
                os.unlink(_at(plan, move.staged))
            elif state is _State.STAGED:
                _rename(plan, move)
        for directory in {os.path.dirname(_at(plan, move.final)) for move in plan.moves}:
            sync_directory(directory)


def _at(plan: Plan, name: bytes) -> bytes:
    return os.path.join(plan.results, name)


def _rename(plan: Plan, move: Move) -> None:
    make_directories(plan.results, os.path.dirname(move.final), beside=STAGING)
    try:
        rename(_at(plan, move.staged), _at(plan, move.final))
    except FileExistsError as error:
        _withdraw(plan, plan.moves)  # here, whatever is not staged is ours
        raise NameTaken(move.final) from error


def _refuse(plan: Plan, states: dict[Move, _State]) -> None:
    """Stop before the first rename, where possible; else take back what was published."""
    if not {_State.TAKEN, _State.BROKEN} & set(states.values()):
        return
    _withdraw(plan, [move for move, at in states.items() if at in {_State.PUBLISHED, _State.BOTH}])
    if _State.BROKEN in states.values():
        # Without this, an unplugged disk would look like lost files, and the half of the set that
        # lies on it would meet its own second try there.
        os.stat(_at(plan, STAGING))
        raise PlanBroken("a staged result is missing or damaged")
    raise NameTaken(next(move.final for move, at in states.items() if at is _State.TAKEN))


def _state(results: bytes, move: Move) -> _State:
    staged = _found(os.path.join(results, move.staged))
    final = _found(os.path.join(results, move.final))
    if staged is None:
        ours = final is not None and _is_planned(os.path.join(results, move.final), final, move)
        return _State.PUBLISHED if ours else _State.BROKEN
    if staged.st_size != move.size_bytes:
        return _State.BROKEN
    if final is None:
        return _State.STAGED
    return _State.BOTH if os.path.samestat(staged, final) else _State.TAKEN


def _found(path: bytes) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_planned(path: bytes, found: os.stat_result, move: Move) -> bool:
    """By content, since inode numbers of network file systems may change with every mount."""
    return found.st_size == move.size_bytes and sha256(path) == move.sha256


def _withdraw(plan: Plan, ours: Sequence[Move]) -> None:
    """Take published files back into staging, since half a set is worse than none."""
    for move in ours:
        staged, final = _at(plan, move.staged), _at(plan, move.final)
        one, other = _found(staged), _found(final)
        if other is None or (one and not os.path.samestat(one, other)):
            continue
        if one:
            os.unlink(final)
        else:
            make_directories(plan.results, os.path.dirname(move.staged), beside=STAGING)
            rename(final, staged)
        sync_directory(os.path.dirname(final))
