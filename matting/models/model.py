"""An installed model, and its manifest: the small file whose replacement is its activation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matting.models.errors import ModelError
from matting.models.naming import SUFFIX, SUFFIXES, EngineName
from matting.networks.recipe import Recipe

FORMAT = 1
_FILE = re.compile(rf"files/[0-9a-f]{{64}}({'|'.join(map(re.escape, SUFFIXES))})")


@dataclass(frozen=True, slots=True)
class Model:
    """A network that has been tried out, and how to run it."""

    name: str
    """What it was installed as."""
    engine: EngineName
    """The engine that runs it."""
    path: Path
    """The file, absolute. It is named after its content and never changes."""
    sha256: str
    """Of the file, in hexadecimal, as it was when it was installed."""
    recipe: Recipe | None
    """How an ONNX network is fed; None for one that its engine knows."""
    source: str
    """Where the file came from, for people."""
    warnings: tuple[str, ...]
    """What whoever sees its mattes has to know: that it is untrained, for one."""
    size_bytes: int = 0
    licence: str = "unknown"
    tested: Mapping[str, Any] = field(default_factory=dict)
    """The self-test: ``matte`` (a picture's file name in the store), ``framework``, ``device``,
    ``python``, ``took_s``, ``at`` and ``notes``, lines about its picture."""

    @property
    def refines(self) -> bool:
        """Whether it solves edges: named as a profile's refiner, not as an engine's model."""
        return self.recipe is not None and self.recipe.refines

    def options(self, device: str) -> dict[str, Any]:
        """What its engine's ``load`` takes."""
        options: dict[str, Any] = {"model": str(self.path), "name": self.name, "device": device}
        if self.recipe is not None:
            options["recipe"] = self.recipe.to_json()
        return options


def to_json(model: Model) -> str:
    """The manifest."""
    facts = {
        "format": FORMAT,
        "name": model.name,
        "engine": model.engine,
        "file": f"files/{model.path.name}",
        "sha256": model.sha256,
        "size_bytes": model.size_bytes,
        "recipe": None if model.recipe is None else model.recipe.to_json(),
        "source": model.source,
        "licence": model.licence,
        "warnings": list(model.warnings),
        "tested": dict(model.tested),
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, directory: Path) -> Model:
    """Read a manifest of the store in a directory.

    Raises:
        ModelError: it is none that this version wrote.
    """
    try:
        facts = json.loads(text)
        if facts["format"] != FORMAT:
            raise ModelError(f"it is of format {facts['format']}, and only {FORMAT} is known")
        if facts["engine"] not in SUFFIX or not _FILE.fullmatch(facts["file"]):
            raise ModelError("it names no model file")
        recipe = facts["recipe"]
        return Model(
            name=facts["name"],
            engine=facts["engine"],
            path=directory / facts["file"],
            sha256=facts["sha256"],
            recipe=None if recipe is None else Recipe.from_json(recipe),
            source=facts["source"],
            warnings=tuple(facts["warnings"]),
            size_bytes=facts["size_bytes"],
            licence=facts["licence"],
            tested=facts["tested"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"it is damaged: {error!r}") from error
