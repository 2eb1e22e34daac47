"""Take out the cast of a yellowed or faded print."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pydantic import Field

from daemon.options import Options as _Options
from daemon.pictures import cv2, np
from daemon.steps import lab
from daemon.steps.view import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

Colours: TypeAlias = "NDArray[np.float32]"
"""(n, 3) float32 L*a*b*, or (n, 2) a* and b*."""

_SAMPLE_SIDE = 256
_LEVELS = 16
_FEWEST = 1 / 200
"""Share of the photo; a level of lightness with fewer pixels is filled in from its neighbours."""
_QUANTILE = 0.25
"""Of the strength of the cast within a level. The median turned a face blue whose highlights were
less yellow than the bare paper around the photo, of which there was more."""
_SEPIA_SPREAD, _COLOUR_SPREAD = 10.0, 18.0
"""How far the 90th percentile of colours is from the cast: on our old prints 0 to 10, on our
colour photos 18 to 46. The median does not tell them apart (3.7 on a stained print, 3.3 on a
toddler in front of a white wall)."""
_NEAR_GREY, _ENOUGH_GREY = 8.0, 0.5
"""In a colour photo only colours about this near to grey tell the cast, and only if they are this
share of the photo: an autumn wood has no grey, and its orange is no cast."""


class Options(_Options):
    """How thoroughly."""

    strength: float = Field(default=0.8, ge=0, le=1)
    """Share of the cast that is taken out; 0 leaves the photo alone, 1 leaves sepia fully grey."""


def apply(view: View, options: Options) -> View:
    """Subtract the cast, a function of lightness, from a* and b*.

    Fading tints highlights and shadows differently, so one white balance for all cannot do it.
    Subtracting moves all colours of one lightness alike and so keeps their differences, faint as
    they are in an old print; scaling chroma towards zero instead would take those out as well.
    """
    picture = lab.from_rgb(view.pixels)
    cast = options.strength * _cast(_sample(picture))
    lightness = picture[..., 0].clip(0, lab.WHITE)
    for channel in (1, 2):
        picture[..., channel] -= np.interp(lightness, _centres(), cast[:, channel - 1])
    return view.toned(lab.to_rgb(picture))


def _sample(picture: lab.Lab) -> Colours:
    """The picture's colours, few enough to sort, averaged so that grain does not count."""
    height, width = picture.shape[:2]
    size = min(width, _SAMPLE_SIDE), min(height, _SAMPLE_SIDE)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).reshape(-1, 3))


def _centres() -> NDArray[np.float64]:
    return (np.arange(_LEVELS, dtype=np.float64) + 0.5) * (lab.WHITE / _LEVELS)


def _cast(colours: Colours) -> NDArray[np.float64]:
    """(levels, 2): a* and b* of what was neutral once, for each level of lightness."""
    level = (colours[:, 0] * (_LEVELS / lab.WHITE)).astype(int).clip(0, _LEVELS - 1)
    sepia = _of_sepia(colours, level)
    spread = np.percentile(np.hypot(*(colours[:, 1:] - sepia[level]).T), 90)
    colourful = float(np.clip((spread - _SEPIA_SPREAD) / (_COLOUR_SPREAD - _SEPIA_SPREAD), 0, 1))
    return np.asarray(sepia + colourful * (_near_grey(colours) - sepia), np.float64)


def _of_sepia(colours: Colours, level: NDArray[np.int_]) -> NDArray[np.float64]:
    """(levels, 2): the cast of each level of a photo that was grey; gaps filled, steps smoothed."""
    count = np.bincount(level, minlength=_LEVELS)
    filled = np.flatnonzero(count >= min(_FEWEST * len(level), count.max()))
    found = np.array([_typical(colours[level == one, 1:]) for one in filled])
    curve = [np.interp(np.arange(_LEVELS), filled, channel) for channel in found.T]
    smooth = cv2.GaussianBlur(np.array(curve).T, (1, 3), 0, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float64)


def _typical(chroma: Colours) -> NDArray[np.float64]:
    """(2,): the hue of the median, with the strength that three quarters have at least."""
    median = np.median(chroma, axis=0)
    hue = median / max(float(np.hypot(*median)), 1e-6)
    return np.asarray(hue * max(0.0, float(np.quantile(chroma @ hue, _QUANTILE))), np.float64)


def _near_grey(colours: Colours) -> NDArray[np.float64]:
    """(2,): where the colours that were grey once seem to be, the less sure the nearer to 0."""
    chroma = colours[:, 1:].astype(np.float64)
    centre, share = np.zeros(2), 0.0
    for _ in range(2):  # from grey to the greyest colours; further steps would follow the woods
        weight = np.exp(-((chroma - centre) ** 2).sum(axis=1) / (2 * _NEAR_GREY**2))
        share = float(weight.mean())
        centre = weight @ chroma / max(weight.sum(), 1e-9)
    return np.asarray(centre * min(1.0, share / _ENOUGH_GREY), np.float64)
