"""The embedded engine: no weights, no download, no accelerator.

Coarse, then fine, as the matting networks do it. Coarse: faces (Viola and Jones, CVPR 2001, see
matting.faces), a figure's usual outline below each as soft odds, and GrabCut (Rother et al.,
SIGGRAPH 2004) on a picture of 256 pixels. Fine: closed-form matting (Levin et al., PAMI 2008) in a
band around the cut. Nobody found: an empty matte, never an invented person.

What it cannot do: people seen from behind, feathers and wide hats far from the head, legs in tall
grass, single hairs far from the outline, clothes as dark as the backdrop. Networks do all of these
better. Bodies found by HOG (Dalal and Triggs, CVPR 2005) are counted in the facts and do not shape
the matte.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.engines import Answer, Engine
from matting.engines.grabcut import edge, prior, segment
from matting.errors import EngineUnavailable
from matting.people import Person, find_people

_CUT_LONG_SIDE = 256


class GrabCut(Engine):
    """Stateless: the same picture gives the same matte."""

    def describe(self) -> dict[str, Any]:
        """Say that there is no model, and that the processor does the work."""
        return {"model": None, "framework": f"opencv {cv2.__version__}", "device": "cpu"}

    def matte(self, pixels: NDArray[np.uint8]) -> Answer:
        """Matte one picture; see Engine.matte."""
        people = find_people(pixels)
        facts = {"faces": len(people), "bodies": sum(p.body is not None for p in people)}
        alpha = _alpha(pixels, people) if people else np.zeros(pixels.shape[:2], np.uint8)
        return Answer(alpha, len(people), facts)


def load(options: dict[str, Any]) -> Engine:
    """Start the engine; pymatting's solver is compiled here, not during the first photo.

    Raises:
        EngineUnavailable: the settings demand a GPU.
    """
    if options.get("device") == "gpu":
        raise EngineUnavailable("grabcut runs on the CPU alone, and the settings demand a GPU")
    mask = np.zeros((48, 48), bool)
    mask[12:36, 12:36] = True
    edge.alpha_of(np.full((48, 48, 3), 128, np.uint8), mask)
    return GrabCut()


def _alpha(pixels: NDArray[np.uint8], people: tuple[Person, ...]) -> NDArray[np.uint8]:
    small = _reduced(pixels, _CUT_LONG_SIDE)
    factor = small.shape[0] / pixels.shape[0]
    faces = [person.face.scaled(factor) for person in people if person.face is not None]
    shape = small.shape[:2]
    mask = segment.mask_of(small, prior.log_odds(shape, faces), prior.reach(shape, faces))
    middle = _reduced(pixels, edge.LONG_SIDE)
    level = cv2.resize(mask.astype(np.float32), middle.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    alpha = edge.alpha_of(middle, edge.clean(level > 0.5))
    size = pixels.shape[1::-1]
    return np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _reduced(pixels: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    """Shrink to that long side; never enlarge."""
    height, width = pixels.shape[:2]
    factor = long_side / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
