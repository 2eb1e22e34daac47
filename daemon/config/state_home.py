"""Where a settings file's daemon keeps its state, if the file does not say.

Each settings file has a place of its own, named after it. But state that was made before outranks
that rule, or a settings file that is renamed, or that used the one place that all shared once,
would lose its memory and file everything anew: it is known by its ledger, which knows the folders.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Collection
from pathlib import Path

_LEDGER = "ledger.sqlite"


def default_state_dir() -> Path:
    """Systemd's StateDirectory= where there is one, else the user's state directory.

    Raises:
        ValueError: nobody can tell where the user's home is.
    """
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0])
    if home := os.environ.get("XDG_STATE_HOME"):
        return Path(home) / "matted"
    try:
        return Path.home() / ".local" / "state" / "matted"
    except RuntimeError as error:
        raise ValueError("has to be set, as there is no home directory") from error


def state_dir_of(config: Path, watched: Collection[Path]) -> Path:
    """The state directory of a settings file that names none.

    Args:
        config: the settings file.
        watched: its folders, resolved.

    Raises:
        ValueError: nobody can tell where the user's home is.
    """
    home = default_state_dir()
    if "STATE_DIRECTORY" in os.environ:
        return home  # systemd gives each unit its own
    at = config.resolve()
    own = home / f"{at.stem}-{hashlib.sha256(os.fsencode(at)).hexdigest()[:8]}"
    if (own / _LEDGER).exists():
        return own
    others = sorted(path.parent for path in home.glob(f"*-????????/{_LEDGER}"))
    known = (path for path in (home, *others) if _knows(path / _LEDGER, watched))
    # Models may have been installed in the shared place before any daemon ran.
    prepared = (home / "models").is_dir() and not (home / _LEDGER).exists()
    return next(known, home if prepared and not own.exists() else own)


def _knows(ledger: Path, watched: Collection[Path]) -> bool:
    """Whether any of the folders is in a ledger; one that cannot be read may be anybody's."""
    if not ledger.exists():
        return False
    marks = ", ".join("?" * len(watched))
    query = f"SELECT 1 FROM photo WHERE folder IN ({marks}) LIMIT 1"  # noqa: S608 - only question marks are filled in
    try:
        with contextlib.closing(
            sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
        ) as db:
            return db.execute(query, [os.fsencode(path) for path in watched]).fetchone() is not None
    except sqlite3.Error:
        return ledger.parent == default_state_dir()
