"""How a file becomes a model: look at it, try it out, and only then activate it."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from matting.models.content import sha256
from matting.models.errors import ModelError
from matting.models.model import Model
from matting.models.naming import SUFFIX, EngineName
from matting.models.store import Store
from matting.models.trial import TrialSettings, try_out
from matting.networks.recipe import Recipe

ROOM_BYTES = 50 << 20
"""What is left free on the disk."""
CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a file is said to be."""

    name: str
    """What to install it as."""
    engine: EngineName
    source: str
    """Where it comes from, for people."""
    recipe: Recipe | None = None
    """How an ONNX network is fed."""
    licence: str = "unknown"


def adopt(
    store: Store,
    offer: Offer,
    file: Path,
    place: TrialSettings,
    *,
    replaces: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Model:
    """Copy a file into a store, try it out where it will be run, and make it active.

    Args:
        store: where to.
        offer: what it is.
        file: it stays as it is.
        place: interpreter and device that will run it.
        replaces: whether a different file of the same name may be installed already.
        tell: is called with a line about each step.

    Returns:
        The model that is now active.

    Raises:
        Busy: another process installs the same model.
        ModelError: it is not what it is said to be; or the store cannot be written; or another
            file is installed under its name. What was active before still is.
        EngineUnavailable: its engine cannot run there, or refuses the file.
    """
    with store.installing(offer.name) as workplace:
        candidate = workplace / (CANDIDATE + SUFFIX[offer.engine])
        copy(file, candidate)
        try:
            return activate(store, offer, candidate, place, replaces=replaces, tell=tell)
        finally:
            candidate.unlink(missing_ok=True)


def activate(
    store: Store,
    offer: Offer,
    candidate: Path,
    place: TrialSettings,
    *,
    replaces: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Model:
    """As ``adopt``, with a file that lies in the directory of ``Store.installing`` and is moved."""
    content = sha256(candidate)
    _demand_same(store, offer.name, content, replaces=replaces)
    tell(f"trying it out on {place.python or 'the interpreter of matted'}")
    model = Model(
        name=offer.name,
        engine=offer.engine,
        path=candidate,
        sha256=content,
        recipe=offer.recipe,
        source=offer.source,
        warnings=(),
        licence=offer.licence,
    )
    trial = try_out(model, candidate, place)
    tested = {**trial.facts, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    tried = replace(model, warnings=trial.warnings, tested=tested)
    return store.activate(tried, candidate, trial.picture)


def _demand_same(store: Store, name: str, content: str, *, replaces: bool) -> None:
    """Trust on first use: what a name stands for changes only if somebody says so."""
    try:
        before = store.find(name)
    except ModelError:
        return  # a damaged manifest is there to be replaced
    if before is None or before.sha256 == content or replaces:
        return
    raise ModelError(
        f"{name} is installed, and this is a different file: sha256 {content[:12]}..., while"
        f" {before.sha256[:12]}... was recorded when it came from {before.source}."
        " If that is meant, say --replace; otherwise somebody may have tampered with it"
    )


def copy(file: Path, target: Path) -> None:
    """Copy a file into a store.

    Raises:
        ModelError: it cannot be read, or there is no room.
    """
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):  # a device never ends, and a pipe waits for ever
            raise ModelError(f"{file} cannot be copied: it is no regular file")
        demand_room(target.parent, about.st_size)
        shutil.copyfile(file, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise ModelError(f"{file} cannot be copied: {error.strerror}") from error


def demand_room(directory: Path, size_bytes: int) -> None:
    """Check that a disk has room for so many bytes.

    Raises:
        ModelError: it has not.
    """
    free = shutil.disk_usage(directory).free
    if free < size_bytes + ROOM_BYTES:
        raise ModelError(
            f"{size_bytes / 1e6:.0f} MB are needed, and the disk of {directory} has"
            f" {free / 1e6:.0f} MB free"
        )
