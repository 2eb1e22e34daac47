"""``matted check``: is this settings file right?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from daemon.config.load import load
from daemon.config.settings import Folder, Settings
from daemon.filing.originals import beforehand
from daemon.intake import inbox
from daemon.photo import Photo, Version, show
from daemon.shelf import names


def main(
    file: Annotated[Path, typer.Argument(help="A settings file.")] = Path("matted.yaml"),
) -> None:
    """Check a settings file and report every fault in it at once."""
    settings = load(file)
    typer.echo(f"{file}: no faults")
    for folder in settings.folders:
        typer.echo(f"  {folder.watch} -> {folder.results} ({folder.profile})")
        if not folder.watch.is_dir():
            typer.echo(f"    {_absent(folder)}")
        for name in _named(folder, settings):
            typer.echo(f"    {name}")
        if note := beforehand(folder.originals, settings.profile(folder.profile)):
            typer.echo(f"    {note}")


def _named(folder: Folder, settings: Settings) -> Iterator[str]:
    """What the results of a photo would be called that came today."""
    profile = settings.profile(folder.profile)
    version = Version(0, 0, 0, 0)
    photo = Photo(1, str(folder.watch), b"album/IMG_1.jpg", version, attempts=0, first_seen_s=0)
    known = names.Known(folder.profile, hashlib.sha256(b"").hexdigest())
    filled = names.numbered(
        profile.file_as,
        photo,
        date.today(),  # noqa: DTZ011 - people look for the local date
        profile.files,
        number=1,
        known=known,
    )
    yield "album/IMG_1.jpg would be filed as"
    yield from (f"  {show(name)}" for name in filled)


def _absent(folder: Folder) -> str:
    if folder.watch.exists():
        return "warning: what is to be watched is no folder, so nothing will come from there"
    if reason := inbox.hindrance(folder.watch, folder.marker):
        return f"warning: {folder.watch} is not there, and is waited for: {reason}"
    return f"note: {folder.watch} is not there yet; the daemon makes it when it first starts"
