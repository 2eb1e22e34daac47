"""A profile for photos of which nothing but their end matters."""

from __future__ import annotations

from daemon import api
from daemon.config.profiles import Profile

QUICK = Profile.model_validate({"preprocess": [], "outputs": ["matte"], "file_as": api.FLAT})
