"""What models may be called, and what their files end in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeAlias

from matting.engines import ENGINES
from matting.models.errors import UnknownModel

EngineName: TypeAlias = str
"""A key of ``ENGINES``."""
SUFFIX: dict[EngineName, str] = {name: kind.suffix for name, kind in ENGINES.items()}
"""What model files end in, by the engine that runs them."""
SUFFIXES = tuple(SUFFIX.values())
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def engine_of(path: Path) -> EngineName:
    """The engine for a model's file, by what it ends in; if that says nothing, the one for any."""
    any_suffix = next(engine for engine, kind in ENGINES.items() if kind.any_suffix)
    return next((engine for engine, suffix in SUFFIX.items() if path.suffix == suffix), any_suffix)


def demand_name(name: str) -> None:
    """Check that a model may be called this.

    Raises:
        UnknownModel: it could be taken for a path or a file, or would lead out of the store.
    """
    if not _NAME.fullmatch(name) or name.endswith((*SUFFIXES, ".json")):
        raise UnknownModel(
            f"{name!r} cannot be a model's name: it takes letters, digits, dots, dashes and"
            " underscores, begins with a letter or digit, and does not end like a file's"
        )
