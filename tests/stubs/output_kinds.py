"""Every kind of output in each of its formats, as tests are parametrised with them."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from daemon.outputs import OUTPUTS
from daemon.outputs.output import Output


def in_all_formats() -> list[Any]:
    """The kind's name, and options for each format as the settings give them."""
    return [
        pytest.param(kind, {"format": name} if name else {}, id=f"{kind}-{name}")
        for kind, output in OUTPUTS.items()
        for name in formats(output)
    ]


def formats(output: Output) -> tuple[str | None, ...]:
    """Its formats; None alone where there is no choice."""
    field = output.Options.model_fields.get("format")
    return get_args(field.annotation) if field else (None,)
