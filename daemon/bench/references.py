"""Reference mattes: which belongs to which photo, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.errors import MattedError, NotAPhoto, SettingsError

_TYPES = (".png", ".tif", ".tiff")
"""In order of preference, where two have the same stem."""
_TOLERANCE = 0.02
"""Of the longer side, by which a reference's shape may differ: small ones are rounded."""


def find(folder: Path) -> Mapping[str, Path]:
    """The references in a folder by their stems.

    Raises:
        SettingsError: there is no such folder, or none in it.
    """
    try:
        names = sorted(folder.iterdir(), key=lambda path: _rank(path.suffix))
    except OSError as error:
        raise SettingsError(f"--references {folder}", (f"{error.strerror}",)) from error
    found: dict[str, Path] = {}
    for path in names:
        if path.suffix.lower() in _TYPES and path.is_file():
            found.setdefault(path.stem, path)
    if not found:
        raise SettingsError(f"--references {folder}", ("has no PNG or TIFF in it",))
    return found


def _rank(suffix: str) -> int:
    return _TYPES.index(suffix.lower()) if suffix.lower() in _TYPES else len(_TYPES)


def without_photo(references: Mapping[str, Path], stems: Iterable[str]) -> list[str]:
    """The names of references that no photo has.

    Raises:
        SettingsError: they are all of them, so it can hardly be the right folder.
    """
    left = sorted(set(references) - set(stems))
    if len(left) == len(references):
        folder = next(iter(references.values())).parent
        fault = f"none is named like a photo; {references[left[0]].name} has no {left[0]}.*"
        raise SettingsError(f"--references {folder}", (fault,))
    return [references[stem].name for stem in left]


def read(path: Path) -> NDArray[np.uint16]:
    """The alpha in a file: its alpha channel unless that is opaque throughout, else its grey.

    Returns:
        (height, width), 65535 is opaque.

    Raises:
        MattedError: one line about why not.
    """
    # Read from memory: cv2.imread cannot tell a missing file from a damaged one.
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise MattedError(f"{path.name} cannot be read: {error.strerror}") from error
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if picture is None or picture.dtype not in (np.uint8, np.uint16):
        raise NotAPhoto(f"{path.name} is no picture of 8 or 16 bits")
    opaque = np.iinfo(picture.dtype).max
    if picture.ndim == 3:  # a grey one that was saved as RGB has three equal channels
        given = picture.shape[2] == 4 and picture[..., 3].min() < opaque
        picture = picture[..., 3 if given else 0]
    return np.asarray(picture.astype(np.uint16) * np.uint16(65535 // opaque))


def common_size(photo: tuple[int, int], reference: tuple[int, int]) -> tuple[int, int] | None:
    """The smaller of two (width, height), at which both can be compared without inventing detail.

    Returns:
        None if their shapes differ so much that one cannot be of the other.
    """
    smaller, larger = sorted((photo, reference), key=lambda size: size[0] * size[1])
    scale = max(smaller) / max(larger)
    expected = [scale * side for side in larger]
    off = max(abs(side - wanted) for side, wanted in zip(smaller, expected, strict=True))
    return smaller if off <= max(1.0, _TOLERANCE * max(smaller)) else None


def shrunk(alpha: NDArray[np.uint16], size: tuple[int, int]) -> NDArray[np.uint16]:
    """The same at that (width, height), by area averages."""
    if alpha.shape == size[::-1]:
        return alpha
    return np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint16)
