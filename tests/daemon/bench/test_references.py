"""References as people keep them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from daemon.bench import references
from daemon.errors import MattedError, SettingsError

RAMP = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
COLOUR = np.dstack([RAMP[:, ::-1]] * 3)
KINDS = {
    "grey.png": RAMP,
    "grey16.png": RAMP.astype(np.uint16) * 257,
    "grey.tif": RAMP,
    "grey16.tif": RAMP.astype(np.uint16) * 257,
    "saved as RGB.png": np.dstack([RAMP] * 3),
    "cut-out.png": np.dstack([COLOUR, RAMP]),
    "cut-out16.png": np.dstack([COLOUR, RAMP]).astype(np.uint16) * 257,
    "grey with an opaque alpha channel.png": np.dstack([*[RAMP] * 3, np.full_like(RAMP, 255)]),
}


@pytest.mark.parametrize("name", KINDS)
def test_alpha_is_found_wherever_it_is(tmp_path: Path, name: str) -> None:
    cv2.imwrite(str(tmp_path / name), KINDS[name])
    found = references.read(tmp_path / name)
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, RAMP.astype(np.uint16) * 257)


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"Dear Emma")
    (tmp_path / "empty.png").touch()
    for name in ("a.png", "empty.png"):
        with pytest.raises(MattedError, match=f"{name} is no picture"):
            references.read(tmp_path / name)
    with pytest.raises(MattedError, match=r"b\.png cannot be read: No such file"):
        references.read(tmp_path / "b.png")


def test_they_are_found_by_stem_and_png_goes_before_tiff(tmp_path: Path) -> None:
    for name in ("a.tif", "a.png", "b.TIFF", "c.jpg", "notes.txt"):
        (tmp_path / name).touch()
    found = references.find(tmp_path)
    assert {stem: path.name for stem, path in found.items()} == {"a": "a.png", "b": "b.TIFF"}
    assert references.without_photo(found, ["a", "x"]) == ["b.TIFF"]


def test_a_folder_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        references.find(tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="no PNG or TIFF"):
        references.find(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(SettingsError, match=r"none is named like a photo; a\.png has no a\.\*"):
        references.without_photo(references.find(tmp_path), ["b"])


@pytest.mark.parametrize(
    ("photo", "reference", "expected"),
    [
        ((400, 600), (400, 600), (400, 600)),
        ((4000, 6000), (683, 1024), (683, 1024)),
        ((400, 600), (800, 1200), (400, 600)),
        ((400, 600), (600, 400), None),
        ((400, 600), (400, 500), None),
        ((4000, 6000), (2, 3), (2, 3)),
    ],
)
def test_the_smaller_size_is_compared_at_if_the_shapes_agree(
    photo: tuple[int, int], reference: tuple[int, int], expected: tuple[int, int] | None
) -> None:
    assert references.common_size(photo, reference) == expected


def test_shrinking_averages_areas() -> None:
    alpha = np.random.default_rng(1).integers(0, 65536, (120, 90)).astype(np.uint16)
    blocks = alpha.reshape(40, 3, 30, 3).mean(axis=(1, 3))
    assert np.abs(references.shrunk(alpha, (30, 40)) - blocks).max() <= 1
