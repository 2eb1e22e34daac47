"""The base of every settings class: frozen, and strict about unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Settings of one thing. Every field has a docstring: it becomes the documentation."""

    # Most classes stand within others, and no validator of their own is ever asked for.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
