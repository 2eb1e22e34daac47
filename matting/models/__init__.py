"""Installed networks: what there is, how it comes here, and how to run it.

Python 3.11 and later, in the daemon's process; an engine process is told only a file's path.
"""

from matting.models.adoption import Offer, adopt
from matting.models.content import held, verify
from matting.models.errors import Busy, ModelError, NotHad, UnknownModel
from matting.models.model import Model
from matting.models.store import Store, Stores
from matting.models.trial import TrialSettings

__all__ = [
    "Busy", "Model", "ModelError", "NotHad", "Offer", "Store", "Stores", "TrialSettings",
    "UnknownModel", "adopt", "held", "verify",
]  # fmt: skip
