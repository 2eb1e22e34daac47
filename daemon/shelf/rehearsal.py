"""Whether results can be published in a root: every call that filing makes, out of sight."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from daemon.shelf import below, durable, roots
from daemon.shelf.below import Spot
from daemon.shelf.durable import results_trouble


def check(results: Path) -> None:
    """Make sure that results can be published here, by rehearsing it out of sight.

    Raises:
        ResultsTrouble: they cannot; ``str()`` says why.
    """
    with results_trouble("results cannot be published"), lent(results) as inside:
        _rehearse(inside)


@contextlib.contextmanager
def lent(results: Path) -> Iterator[int]:
    """A staging directory for trials, whether there is one or not, or was none before.

    Raises:
        ResultsTrouble: the root cannot be written.
    """
    with results_trouble("results cannot be published"), below.opened(results) as at:
        roots.demand_rights(at)
        found = below.look(Spot(at, roots.STAGING)) is not None
        if not found:
            os.mkdir(roots.STAGING, roots.PRIVATE, dir_fd=at)
        with roots.staging(at) as inside:
            yield inside
        if not found:  # whether this root is itself is not for us to say
            os.rmdir(roots.STAGING, dir_fd=at)


def _rehearse(staging: int) -> None:
    """Every call that filing makes: a disk on which one of them fails is not in order."""
    stage, published = (Spot(staging, roots.name(0, what)) for what in ("probe", "published"))
    for left in (stage, published):
        roots.clear(left)
    os.mkdir(stage.name, roots.PRIVATE, dir_fd=staging)
    with below.directory(staging, stage.name) as inside:
        durable.write_new(Spot(inside, b"0"), b"matted")
        below.sync(inside)
        durable.rename(Spot(inside, b"0"), published)
        below.sync(staging)
    durable.unlink(published)
    os.rmdir(stage.name, dir_fd=staging)
