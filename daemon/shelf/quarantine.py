"""Photos that were given up: one report each, and the original where the settings allow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from daemon.photo import Photo, show
from daemon.shelf import below, durable, reports, roots
from daemon.shelf.disposal import put_back, relocate
from daemon.shelf.spelling import taken_by


def quarantine(
    results: Path, photo: Photo, report: Mapping[str, object], *, move_original: bool
) -> bytes:
    """Write the report on a photo, once, and perhaps move the original beside it.

    May be repeated after a crash: a report on the same version of the same file is not written
    again, whatever it says.

    Args:
        results: the result folder.
        photo: which is given up.
        report: facts for people, as JSON can hold them; ``photo`` and ``original`` are added.
        move_original: whether the folder's policy lets us.

    Returns:
        The report's name, relative to the result folder.

    Raises:
        ResultsTrouble: it cannot be written.
        SourceTrouble: the original cannot be moved at the moment; the report is written.
    """
    what = "the report of a failed photo cannot be written"
    with durable.results_trouble(what), roots.opened(results) as (root, inside):
        content = reports.identity(photo) | {"original": None} | dict(report)
        found = reports.find(root, inside, photo)
        name = found[0] if found else reports.write(root, inside, photo, content)
        original = _beside(name, photo, inside)
    if move_original:
        _move(results, photo, original)
    return name


def _beside(report: bytes, photo: Photo, trials: int) -> bytes:
    """Where the original goes."""
    ext = os.path.splitext(photo.path)[1]
    return os.path.join(os.path.dirname(report), taken_by(trials, reports.called(photo, ext)))


def _move(results: Path, photo: Photo, original: bytes) -> None:
    """Move the original beside its report, which is told where it is then."""
    try:
        relocate(photo, results, original, sha256=None)
    finally:
        what = "the report of a failed photo cannot be corrected"
        with durable.results_trouble(what), roots.opened(results) as (root, inside):
            there = below.look_up(root, original) is not None
            _correct(root, inside, photo, show(original) if there else None)


def _correct(root: int, trials: int, photo: Photo, original: str | None) -> None:
    found = reports.find(root, trials, photo)
    if found is None or found[1].get("original") == original:
        return
    name, report = found
    reports.replace(root, trials, name, photo, report | {"original": original})


def find(results: Path, photo: Photo) -> bytes | None:
    """The name of the report on this version of this file, relative to the result folder."""
    with roots.opened(results) as (root, inside):
        found = reports.find(root, inside, photo)
    return found and found[0]


def given_up(results: Path, photo: Photo) -> str | None:
    """The reason for which this version of this file was given up; None if there is no report.

    The report is the record of the decision. A photo that was at work when the daemon died, and
    has one, is quarantined again, which finishes what was cut short: to do it anew could file
    it beside its report, or look in vain for an original that was moved already.

    Raises:
        ResultsTrouble: the result folder cannot be read.
    """
    what = "reports of failed photos cannot be read"
    with durable.results_trouble(what), roots.opened(results) as (root, inside):
        found = reports.find(root, inside, photo)
    return found and str(found[1].get("reason", "no reason is given"))


def release(results: Path, photo: Photo) -> None:
    """Take a photo out of quarantine to try it again: its original comes back, its report goes.

    To be called before the ledger's ``requeue``.

    Raises:
        SourceTrouble: the original cannot be put back; nothing was changed.
        ResultsTrouble: the report cannot be removed.
    """
    what = "the report of a failed photo cannot be removed"
    with durable.results_trouble(what), roots.opened(results) as (root, inside):
        found = reports.find(root, inside, photo)
        if found is None:
            return
        put_back(photo, root, _beside(found[0], photo, inside))
        with below.spot(root, found[0]) as report:
            durable.unlink(report)
            below.sync(report.directory)


def forget_report(results: Path, photo: Photo) -> bool:
    """Remove the report on a photo, unless its original lies beside it; whether there is none now.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    what = "the report of a failed photo cannot be removed"
    with durable.results_trouble(what), roots.opened(results) as (root, inside):
        found = reports.find(root, inside, photo)
        if found is None:
            return True
        if below.look_up(root, _beside(found[0], photo, inside)) is not None:
            return False
        with below.spot(root, found[0]) as report:
            durable.unlink(report)
            below.sync(report.directory)
    return True
