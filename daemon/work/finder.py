"""Who finds people for the steps of a profile; runs in a photo process."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

from daemon.config.profiles import Profile
from daemon.errors import NoEngine
from daemon.steps.view import Finder
from matting import errors, people

_ABSENT = "did nothing: the network that finds people is not installed"


def finder(
    profile: Profile, network: Path | None, *, how: str = ""
) -> tuple[Finder | None, tuple[str, ...]]:
    """What a profile's steps search with, and a warning where they need it in vain.

    Args:
        profile: whose steps are going to be applied.
        network: the file; None: it is not installed.
        how: what to type then; "": nobody knows here.

    Raises:
        NoEngine: the file is there and cannot be used.
    """
    if not profile.searching:
        return None, ()
    steps = ", ".join(profile.searching)
    if network is None:
        return None, (f"{steps} {_ABSENT}" + (f": `{how}`" if how else ""),)
    try:
        return partial(people.find, networks=_loaded(network)), ()
    except errors.EngineUnavailable as error:
        raise NoEngine(f"{steps} finds nobody: {error}") from error


def loaded(network: Path) -> people.Network:
    """The network that a search was made with."""
    return _loaded(network).quick


@lru_cache(maxsize=1)
def _loaded(network: Path) -> people.Networks:
    """One for all photos of a process: it is the same file as long as the daemon runs."""
    return people.Networks.load(str(network))
