"""Steps that prepare a photo for the network. A new one is a module here and a line in ``STEPS``.

What the steps do is seen by the network alone: cut-outs and compositions are made from the photo
as it was scanned. Each step therefore has one aim, to show the network something more like the
photos it was trained on, and one rule, not to invent what the photo does not show.

That rule is why there is no sharpening step. Sharpening makes grain, halftone dots and scratches
look like hair and puts a bright and a dark line along every edge, and the network takes those
lines for the edge of a person. A blurred edge misleads it less than an invented one does.
"""

from __future__ import annotations

from typing import Any, Protocol

from daemon.options import Options
from daemon.steps import denoise, descratch, equalize, focus_person, lift_shadows, neutralize
from daemon.steps.view import View


class Step(Protocol):
    """What a step's module has."""

    @property
    def Options(self) -> type[Options]:  # noqa: N802 - a class in each module
        """The step's settings; the defaults must be good for a faded print."""

    def apply(self, view: View, options: Any) -> View:
        """Prepare the view.

        Args:
            view: left as it is, arrays included.
            options: an instance of this module's ``Options``.

        Returns:
            The view to go on with; the same inputs always give the same pixels.
        """

    # May have, and means True by it:
    # ``CHOOSES_VIEW``: it chooses what is looked at, and not only how that looks.
    # ``FINDS_PEOPLE``: it searches for people with ``view.finder``.


STEPS: dict[str, Step] = {
    "focus_person": focus_person,
    "descratch": descratch,
    "neutralize": neutralize,
    "lift_shadows": lift_shadows,
    "equalize": equalize,
    "denoise": denoise,
}


def chooses_view(name: str) -> bool:
    """Whether a step chooses what is looked at: what was done before it would be forgotten."""
    return bool(getattr(STEPS[name], "CHOOSES_VIEW", False))


def finds_people(name: str) -> bool:
    """Whether a step searches for people, and so needs the network that finds them."""
    return bool(getattr(STEPS[name], "FINDS_PEOPLE", False))
