"""The command line: one module per verb, one exit code per kind of end."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import signal
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import Annotated

import typer

from daemon.cli.words import advice
from daemon.errors import CertificateTrouble, InUse, MattedError, NoEngine, SettingsError

VERBS: Mapping[str, str] = {
    "init": "Write a settings file in which every setting is explained.",
    "check": "Check a settings file and report every fault in it at once.",
    "run": "Watch the folders of a settings file until told to stop (SIGTERM or Ctrl-C).",
    "process": "Cut the people out of photos, once, through the daemon's own pipeline.",
    "status": "Show queue, folders and failures, whether the daemon runs or not.",
    "retry": "Take photos out of quarantine; the daemon, now or when it runs again, begins anew.",
    "redo": "Work photos that are filed through again; the new results lie beside the old ones.",
    "doctor": "Try out folders, rights, limits and the engine; say what to do about what is amiss.",
    "webhooks": "Tell the addresses of `webhooks:` what happened; beside the daemon, until Ctrl-C.",
    "stations": "Hand results to the stations of `handover:`; beside the daemon, until Ctrl-C.",
    "web": "Serve the page of `web:` beside the daemon, until Ctrl-C; docs/web.md has the rest.",
    "scheduler": "Bring photos to the workers that have joined; beside the daemon, until Ctrl-C.",
    "worker": "Work on the photos of a daemon on another machine, until Ctrl-C; docs/cluster.md.",
    "bench": "Compare engines on your photos: how good, how fast, how much memory.",
    "demo": "Start the daemon, write photos into its inbox as a scanner does, show what was filed.",
    "model": "The networks that engines run.",
    "cluster": "Certificates of several machines that work on one queue.",
}
"""Each verb with its summary, in the order in which a newcomer needs them.

A verb is a module here with a function `main`, whose docstring begins with that very summary. It
stands here, too, so that `matted --help` need not load them all.
"""
_GROUPS = ("model", "cluster")  # have verbs of their own

_SHORT = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Exit(IntEnum):
    """What the exit codes mean; 128 and more: ended by that signal, as shells count them."""

    DONE = 0
    PHOTOS_FAILED = 1
    MISUSED = 2
    NO_ENGINE = 3
    IN_USE = 4


_EPILOG = (
    "Exit codes: 0 all went well; 1 photos failed, or results could not be written; 2 wrong usage, "
    "settings or certificates; 3 no engine can run; 4 the state directory is in use; 130 Ctrl-C."
)


def main() -> None:
    """Run `matted`; an expected error is one clear line on standard error."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _end)
    try:
        with _one_thread_for_algebra():
            # Looking through all that is installed for plugins takes a while, and we use none.
            os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
            verbs = app(_asked_for(sys.argv[1:2]))
        gc.freeze()  # what is loaded stays; it is not looked through for garbage later either
        gc.enable()  # which daemon/__main__.py put off
        verbs(prog_name="matted")
    except MattedError as error:
        print(f"matted: {advice(str(error))}", file=sys.stderr)  # noqa: T201 - this is the command line
        sys.exit(exit_code(error))
    except OSError as error:
        if error.errno not in _SHORT:
            raise
        told = f"the system allows no more: {error.strerror}; see ulimit -a"
        print(f"matted: {told}", file=sys.stderr)  # noqa: T201 - likewise
        sys.exit(Exit.PHOTOS_FAILED)


@contextmanager
def _one_thread_for_algebra() -> Iterator[None]:
    """OpenBLAS starts threads when numpy is imported, and where none are allowed it interrupts us.

    Nothing here needs them; other processes find the variable as it was.
    """
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        del os.environ["OPENBLAS_NUM_THREADS"]
        if before is not None:
            os.environ["OPENBLAS_NUM_THREADS"] = before


def _asked_for(first: Sequence[str]) -> Collection[str]:
    """The verbs to load: the one that is meant; all for a shell that completes words."""
    return VERBS if "_MATTED_COMPLETE" in os.environ else first


def app(loaded: Collection[str] = VERBS) -> typer.Typer:
    """The command; of the verbs that are not loaded it knows the summaries alone."""
    cli = typer.Typer(
        help="Watch folders for photos, cut the people out, file the results.",
        epilog=_EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    cli.callback()(_common)
    for verb, summary in VERBS.items():
        if verb not in loaded:
            cli.command(verb, help=summary)(_not_loaded)
            continue
        module = importlib.import_module(f"daemon.cli.{verb}")
        if verb in _GROUPS:
            cli.add_typer(module.app(), name=verb)
        else:
            cli.command(verb)(module.main)
    return cli


def _not_loaded() -> None:
    raise AssertionError("a verb that is asked for is loaded")


def _end(number: int, _: FrameType | None) -> None:
    """End in good order, as ``finally`` blocks do; a second signal ends it at once."""
    signal.signal(number, signal.SIG_DFL)
    # No KeyboardInterrupt: typer would make it `Aborted!` and exit code 1.
    sys.exit(128 + number)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's own convention
    if wanted:
        typer.echo("\n".join(importlib.import_module("daemon.about").about().lines()))
        raise typer.Exit


def _common(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print version, commit, Python and engines.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Options before the verb; the eager ones do their work in their callbacks."""
    assert not version


def exit_code(error: MattedError) -> Exit:
    """What the program ends with after this error."""
    match error:
        case SettingsError() | CertificateTrouble():
            return Exit.MISUSED
        case NoEngine():
            return Exit.NO_ENGINE
        case InUse():
            return Exit.IN_USE
        case _:
            return Exit.PHOTOS_FAILED
