"""``matted demo``: the real daemon on a demo inbox, and what came of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from daemon.api import settings_for
from daemon.cli.words import count_people
from daemon.demo.overview import write_overview
from daemon.demo.photos import make_photos
from daemon.demo.scanner import scan_into
from daemon.engine.choice import choose
from daemon.errors import MattedError
from daemon.intake.ignore import Rule
from daemon.log.events import Event

Fact = dict[str, Any]

_SETTINGS = """\
state_dir: state
folders:
  - watch: inbox
    results: results
    profile: old-photo
    give_up_s: 5
"""
_MARK = ".matted-demo"
"""Says that the folder is a demo's."""
_FOLDERS = ("inbox", "results", "photos", "state")
_MADE = {*_FOLDERS, _MARK, "matted.yaml", "overview.png"}
_ENDS = (Event.PHOTO_FILED, Event.PHOTO_QUARANTINED)


def main(
    photos: Annotated[Path | None, typer.Option(help="Your own photos instead.")] = None,
    out: Annotated[
        Path, typer.Option(help="Where the demo happens; what an earlier demo left there goes.")
    ] = Path("demo-out"),
) -> None:
    """Start the daemon, write photos into its inbox as a scanner does, show what was filed."""
    console = Console()
    own = None if photos is None else _photos_in(photos, out)
    choose(settings_for(None))  # or the daemon would end, and what it says would stand elsewhere
    inbox, results = _fresh(out)
    chosen = make_photos(out / "photos") if own is None else own
    console.print(f"Starting the daemon on {inbox} ...")
    with _daemon(out / "matted.yaml") as log:
        _wait_for(log, Event.SERVICE_READY)
        scanner = Thread(target=lambda: [scan_into(inbox, photo) for photo in chosen])
        console.print(f"Scanning {len(chosen)} photos into it, in chunks, as a scanner would ...")
        scanner.start()
        ended = [_wait_for(log, *_ENDS) for _ in chosen]
        scanner.join()
    filed = [fact for fact in ended if fact["event"] == Event.PHOTO_FILED]
    _report(console, ended, results)
    if filed:
        _overview(console, filed, inbox, results, out / "overview.png")
    if len(filed) < len(chosen):
        told = f"{len(chosen) - len(filed)} of {len(chosen)} photos were not filed"
        raise MattedError(f"{told}; see {results}/failed")


def _fresh(out: Path) -> tuple[Path, Path]:
    """Make the demo's folders; only what an earlier demo made is removed."""
    try:
        _clear(out)
        for name in _FOLDERS:
            (out / name).mkdir(parents=True)
        (out / _MARK).touch()
        (out / "matted.yaml").write_text(_SETTINGS)
    except OSError as error:
        raise MattedError(f"{out} cannot be used for the demo: {error.strerror}") from error
    return out / "inbox", out / "results"


def _clear(out: Path) -> None:
    there = {path.name for path in out.iterdir()} if out.exists() else set()
    # Settings are no proof of an earlier demo: somebody's own folder has them too, and his photos.
    if there and (_MARK not in there or there - _MADE):
        raise MattedError(f"{out} is not empty and not an earlier demo's; --out names another one")
    for name in there - {_MARK}:  # the mark goes last, or a demo cut short here could not go on
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        else:
            (out / name).unlink()


def _photos_in(folder: Path, out: Path) -> list[Path]:
    """What the daemon would take; it would wait for ever for the rest of an empty file."""
    if not folder.is_dir():
        raise MattedError(f"{folder} is not a folder")
    if folder.resolve().is_relative_to(out.resolve()):
        raise MattedError(f"{folder} lies in {out}, where the demo happens; --out names another")
    rule = Rule()
    found = sorted(
        path
        for path in folder.iterdir()
        if rule.takes(os.fsencode(path.name))
        and not rule.ignores(os.fsencode(path.name))
        and path.is_file()
        and path.stat().st_size
    )
    if not found:
        raise MattedError(f"there are no photos in {folder}")
    return found


@contextmanager
def _daemon(config: Path) -> Iterator[Iterator[Fact]]:
    """A running daemon and its log, line by line."""
    command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        try:
            yield _facts(child.stderr)
        finally:
            child.send_signal(signal.SIGTERM)
            child.stderr.read()
    if child.returncode:
        raise MattedError(f"the daemon ended with status {child.returncode}")


def _facts(lines: Iterator[str]) -> Iterator[Fact]:
    for line in lines:
        if line.startswith("{"):
            yield json.loads(line)
        else:
            sys.stderr.write(line)  # a message for people, e.g. why it could not start


def _wait_for(log: Iterator[Fact], *wanted: Event) -> Fact:
    for fact in log:
        if fact["event"] in wanted:
            return fact
    raise MattedError("the daemon ended early; what it said stands above")


def _report(console: Console, ended: list[Fact], results: Path) -> None:
    for fact in ended:
        console.print(f"\n[bold]{escape(fact['path'])}[/bold]  {_found(fact)}", highlight=False)
        for name in fact.get("names", ()):
            console.print(f"  {results / name}", markup=False, highlight=False, soft_wrap=True)
        for warning in fact.get("warnings", ()):
            console.print(f"  warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    console.print()


def _found(fact: Fact) -> str:
    """What was found in a photo and how it went, in a line."""
    if fact["event"] == Event.PHOTO_QUARANTINED:
        return f"not filed: {escape(fact['reason'])}"
    width, height = fact["size"]
    ran = f"{fact['engine']} on {fact['device']}, {fact['took_s']:.1f} s"
    return ", ".join((f"{width} x {height}", count_people(fact.get("people")), ran))


def _overview(
    console: Console, filed: list[Fact], inbox: Path, results: Path, target: Path
) -> None:
    rows = [(inbox / fact["path"], *(results / name for name in fact["names"])) for fact in filed]
    write_overview(rows, target)
    console.print(f"All of them in one picture: {target}")
