"""Photos that were given up: one report each, and the original where the settings allow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from daemon.photo import Photo, show
from daemon.shelf import durable
from daemon.shelf.disposal import put_back, relocate
from daemon.shelf.staging import STAGING, private

FAILED = b"failed"
"""Where reports lie, below the result folder."""


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
    root = os.fsencode(results)
    original = _name(photo, os.path.splitext(photo.path)[1]) if move_original else None
    content = _identity(photo) | {"original": original and show(original)} | dict(report)
    with durable.results_trouble("the report of a failed photo cannot be written"):
        name = find(results, photo) or _write(root, photo, content)
    if original is not None:
        _move(results, photo, original)
    return name


def _move(results: Path, photo: Photo, original: bytes) -> None:
    """Move the original beside its report, which is told where it is then."""
    try:
        relocate(photo, results, original, sha256=None)
    finally:
        there = os.path.lexists(os.path.join(os.fsencode(results), original))
        with durable.results_trouble("the report of a failed photo cannot be corrected"):
            _correct(results, photo, show(original) if there else None)


def _correct(results: Path, photo: Photo, original: str | None) -> None:
    root = os.fsencode(results)
    found = _found(results, photo)
    if found is None or found[1]["original"] == original:
        return
    name, report = found
    os.replace(_staged(root, photo, report | {"original": original}), os.path.join(root, name))
    durable.sync_directory(os.path.join(root, FAILED))


def find(results: Path, photo: Photo) -> bytes | None:
    """The name of the report on this version of this file, relative to the result folder."""
    found = _found(results, photo)
    return found and found[0]


def given_up(results: Path, photo: Photo) -> str | None:
    """The reason for which this version of this file was given up; None if there is no report.

    The report is the record of the decision. A photo that was at work when the daemon died, and
    has one, is quarantined again, which finishes what was cut short: to do it anew could file
    it beside its report, or look in vain for an original that was moved already.

    Raises:
        ResultsTrouble: the result folder cannot be read.
    """
    with durable.results_trouble("reports of failed photos cannot be read"):
        found = _found(results, photo)
    return found and str(found[1].get("reason", "no reason is given"))


def release(results: Path, photo: Photo) -> None:
    """Take a photo out of quarantine to try it again: its original comes back, its report goes.

    To be called before the ledger's ``requeue``.

    Raises:
        SourceTrouble: the original cannot be put back; nothing was changed.
        ResultsTrouble: the report cannot be removed.
    """
    root = os.fsencode(results)
    put_back(photo, os.path.join(root, _name(photo, os.path.splitext(photo.path)[1])))
    with durable.results_trouble("the report of a failed photo cannot be removed"):
        if name := find(results, photo):
            os.unlink(os.path.join(root, name))
            durable.sync_directory(os.path.join(root, FAILED))


def _found(results: Path, photo: Photo) -> tuple[bytes, dict[str, object]] | None:
    for name in _numbered(photo):
        try:
            with open(os.path.join(os.fsencode(results), name), "rb") as file:
                report = json.load(file)
        except FileNotFoundError:
            return None
        except ValueError:
            continue  # not ours
        if isinstance(report, dict) and _identity(photo).items() <= report.items():
            return name, report
    raise AssertionError("there is always another number")


def _identity(photo: Photo) -> dict[str, object]:
    return {
        "photo": photo.id,
        "folder": show(photo.folder),
        "path": show(photo.path),
        "path_hex": photo.path.hex(),
        "inode": photo.version.inode,
        "size_bytes": photo.version.size_bytes,
        "mtime_ns": photo.version.mtime_ns,
    }


def _write(root: bytes, photo: Photo, content: Mapping[str, object]) -> bytes:
    staged = _staged(root, photo, content)
    durable.make_directories(root, FAILED, beside=STAGING)
    for name in _numbered(photo):
        try:
            durable.rename(staged, os.path.join(root, name))
        except FileExistsError:
            continue
        durable.sync_directory(os.path.join(root, FAILED))
        return name
    raise AssertionError("there is always another number")


def _staged(root: bytes, photo: Photo, content: Mapping[str, object]) -> bytes:
    staged = os.path.join(root, private(photo.id, "report"))
    durable.write_new(staged, json.dumps(content, indent=2).encode() + b"\n")
    return staged


def _numbered(photo: Photo) -> Iterator[bytes]:
    """Ids are unique in one ledger only: a second ledger's report of that name is not ours."""
    yield _name(photo, b".json")
    number = 2
    while True:
        yield _name(photo, f"-{number}.json".encode())
        number += 1


def _name(photo: Photo, end: bytes) -> bytes:
    stem = os.path.splitext(os.path.basename(photo.path))[0]
    return os.path.join(FAILED, stem[:180] + f"-{photo.id}".encode() + end[:40])
