"""What can go wrong with models; ``str()`` is one line for people."""

from __future__ import annotations


class ModelError(Exception):
    """Root. By itself: a model is not what it should be, or the store cannot be read or written."""


class UnknownModel(ModelError):
    """There is no model of that name, or it can be no name: nothing that trying again mends."""


class NotHad(ModelError):
    """The file could not be had this time; what has arrived is kept, and the next try goes on."""


class Busy(ModelError):
    """Another process installs the same model at the moment."""
