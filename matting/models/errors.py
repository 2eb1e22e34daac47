"""What can go wrong with models; ``str()`` is one line for people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class ModelError(Exception):
    """Root. By itself: a model is not what it should be, or the store cannot be read or written."""


class UnknownModel(ModelError):
    """There is no model of that name, or it can be no name: nothing that trying again mends."""


class NotHad(ModelError):
    """The file could not be had this time; what has arrived is kept, and the next try goes on."""


class Busy(ModelError):
    """Another process installs the same model at the moment."""


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Tell what ails the disk from what ails the network, the model or its user.

    Raises:
        ModelError: what was written could not be.
    """
    try:
        yield
    except OSError as error:
        where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
        raise ModelError(f"{what} cannot be written: {error.strerror}{where}") from error
