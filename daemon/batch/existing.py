"""Which photos have their results already, from an earlier run that was cut short."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from daemon.config.profiles import Profile
from daemon.photo import Photo, Sighting
from daemon.shelf import names, templates


def existing(
    photos: Iterable[tuple[Sighting, Path]], profile: Profile, profile_name: str
) -> dict[Sighting, tuple[Path, ...]]:
    """Find them by the names that their results would have.

    Of photos that want the same names, such as ``a.jpg`` and ``a.png``, as many are done as there
    are whole sets of those names, numbered or not, and the first ones are.

    Args:
        photos: each with the folder for its results, in the order in which they are worked on.
        profile: whose outputs these are.
        profile_name: what the settings call it.

    Returns:
        For each that is done, its files, in the order of the outputs.
    """
    found: dict[Sighting, tuple[Path, ...]] = {}
    if templates.fields(profile.file_as) & {"sha", "count"}:
        return found  # such names do not say which photo they are of, or only once it is read
    known = names.Known(profile_name)
    alike: dict[tuple[Path, ...], int] = {}
    for sighting, out_dir in photos:
        wanted = _files(sighting, out_dir, profile, known, 1)
        number = alike.get(wanted, 0) + 1
        there = _files(sighting, out_dir, profile, known, number)
        if all(map(os.path.lexists, there)):
            alike[wanted] = number
            found[sighting] = there
    return found


def _files(
    sighting: Sighting, out_dir: Path, profile: Profile, known: names.Known, number: int
) -> tuple[Path, ...]:
    photo = Photo(0, sighting.folder, sighting.path, sighting.version, 0, 0)
    outputs = profile.files
    today = date.today()  # noqa: DTZ011 - people's own date
    filled = names.numbered(profile.file_as, photo, today, outputs, number=number, known=known)
    return tuple(
        _there(out_dir, (name, *file.variants_of(name)))
        for name, file in zip(filled, outputs, strict=True)
    )


def _there(out_dir: Path, alike: Sequence[bytes]) -> Path:
    """The one of a result's possible names that is there; else the usual one."""
    paths = [out_dir / os.fsdecode(name) for name in alike]
    return next(filter(os.path.lexists, paths), paths[0])
