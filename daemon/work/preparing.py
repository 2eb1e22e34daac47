"""The steps of a profile, applied to what the network is going to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from daemon.config.profiles import Profile
from daemon.imaging.colour import SRGB
from daemon.raster import Raster
from daemon.steps import STEPS, chooses_view
from daemon.steps.view import View


def prepare(view: View, profile: Profile) -> View:
    """Apply the profile's steps, in order.

    Those that choose what is looked at are shown it as the others leave it: if it is to be the
    whole, then what they have searched is what the engine would search.
    """
    toned = chosen = _toned(view, profile)
    for step in profile.preprocess:
        if chooses_view(step.name):
            chosen = STEPS[step.name].apply(chosen, step.options)
    return chosen if chosen.pixels is toned.pixels else _toned(chosen, profile)


def _toned(view: View, profile: Profile) -> View:
    for step in profile.only_toning.preprocess:
        view = STEPS[step.name].apply(view, step.options)
    return view


def preprocessed(raster: Raster, photo: NDArray[np.uint8], profile: Profile) -> Raster:
    """The photo at its own size as the steps leave it: 8 bit, sRGB."""
    view = View.of(photo, max(raster.size))
    view = prepare(view, profile.only_toning)
    return replace(raster, pixels=view.pixels, icc=SRGB)
