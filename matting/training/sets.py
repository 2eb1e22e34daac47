"""Which pictures are kept aside: decided before anything was learnt, and written down.

``aside.json`` names every picture of the sets that figures are told of (``test``) and of those
that choose between checkpoints (``choose``). Nobody and no place in them is ever learnt from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

Part = Literal["test", "choose", "learn"]

COMPOSED: Final = ("toddler", "windswept", "curly-grey", "man-24mp", "lincoln-1863", "hayes-1870s")
"""Persons of the 54 composed pictures: photos with reference, as all the other eleven."""
WHOLE_SOURCES: Final = {
    "test": ("pg28023", "pg14648", "pg14824", "pg30051"),
    "choose": ("pg17289", "pg45502", "pg26037"),
}
"""Sources (the name up to its first dash) kept aside as a whole: other cameras, other persons."""
_SHARES: Final = {"people": (64, 36), "empty": (21, 15)}
"""How many pictures of each folder test and choose, whole sources included."""
_LIST: Final = Path(__file__).with_name("aside.json")


def choose(folder: str, names: Iterable[str]) -> dict[str, list[str]]:
    """Keep pictures aside by the hashes of their names; the same names always give the same sets.

    Args:
        folder: a key of the table of shares.
        names: all file names of that folder.
    """
    ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    parts: dict[str, list[str]] = {}
    for part, many in zip(("test", "choose"), _SHARES[folder], strict=True):
        whole = [name for name in ordered if _source(name) in WHOLE_SOURCES[part]]
        every = {source for sources in WHOLE_SOURCES.values() for source in sources}
        taken = {name for names in parts.values() for name in names}
        rest = [name for name in ordered if _source(name) not in every and name not in taken]
        parts[part] = sorted(whole + rest[: max(0, many - len(whole))])
    return parts


def part(folder: str, name: str) -> Part:
    """The part that a picture belongs to; what no list names is there to be learnt from."""
    kept = json.loads(_LIST.read_text())[folder]
    if name in kept["test"]:
        return "test"
    return "choose" if name in kept["choose"] else "learn"


def names(folder: str, which: Part) -> list[str]:
    """The file names kept aside for one use."""
    kept: list[str] = json.loads(_LIST.read_text())[folder][which]
    return kept


def write(training: Path) -> None:
    """Write the list anew; done once, before the first training."""
    folders = ("people", "empty")
    every = {folder: (path.name for path in (training / folder).iterdir()) for folder in folders}
    lists = {folder: choose(folder, found) for folder, found in every.items()}
    photos = sorted(path.stem for path in (training.parent / "mattes").iterdir())
    chosen = {"composed": list(COMPOSED), "photos": photos, **lists}
    _LIST.write_text(json.dumps(chosen, indent=1) + "\n")


def _source(name: str) -> str:
    return name.partition("-")[0]
