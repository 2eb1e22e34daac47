"""Come closer to people who stand small in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from daemon.options import Options as _Options
from daemon.steps.view import View
from matting.picture.boxes import Box

CHOOSES_VIEW = True
FINDS_PEOPLE = True
_FIRST_MARGIN = 0.5
"""Room on each side for a second search, from closer: the first one misses a head now and then."""


class Options(_Options):
    """When to come closer, and how much room to leave."""

    min_share: float = Field(default=0.15, ge=0, le=1)
    """Come closer when people fill less than this share of the picture; 0 never does."""
    margin: float = Field(default=0.15, ge=0, le=1)
    """Room left on each side, as a share of the people's longer side."""


def apply(view: View, options: Options) -> View:
    """Look at the people alone where they are too small for the network to know what they are.

    Matting networks are trained on portraits: below about 15 % of the frame they take a person
    for part of the scenery. Where nobody is found the view stays as it is, and also where the
    network that finds people is not installed, which the photo's warnings say.
    """
    if options.min_share == 0 or view.find_people is None:
        return view
    found = view.find_people(view.pixels)
    known = replace(view, found=found)
    if not found.people or found.share >= options.min_share:
        return known
    roomy = view.closer(view.in_photo(_around(found.people, _FIRST_MARGIN)))
    seen = view.find_people(roomy.pixels)
    if not seen.people:
        return known
    return view.closer(roomy.in_photo(_around(seen.people, options.margin)))


def _around(extents: Sequence[Box], margin: float) -> Box:
    """The union of the boxes with room around it."""
    left, top = min(e.x for e in extents), min(e.y for e in extents)
    width = max(e.x + e.width for e in extents) - left
    height = max(e.y + e.height for e in extents) - top
    room = margin * max(width, height)
    return Box(left - room, top - room, width + 2 * room, height + 2 * room)
