"""The matte is found in whatever a profile files it in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from daemon.errors import NotAPhoto, TooManyPixels
from daemon.imaging.encode import write_png, write_tiff
from daemon.imaging.planes import alpha_of, kind_of

ALPHA = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * np.uint16(20)
RGB = np.full((48, 64, 3), 90, np.uint8)


@pytest.mark.parametrize("write", [write_png, write_tiff])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_matte_and_a_cut_out_hold_it_and_a_picture_does_not(
    tmp_path: Path, write: object, depth: int
) -> None:
    alpha = ALPHA if depth == 16 else (ALPHA >> 8).astype(np.uint8)
    colours = RGB.astype(alpha.dtype)
    plain = {"icc": None, "dpi": None}
    write(tmp_path / "matte", alpha, **plain)  # type: ignore[operator] # one of two functions
    write(tmp_path / "cutout", np.dstack([colours, alpha]), **plain)  # type: ignore[operator] # as above
    write(tmp_path / "picture", colours, **plain)  # type: ignore[operator] # as above
    expected = alpha if depth == 16 else alpha.astype(np.uint16) * 257
    for name in ("matte", "cutout"):
        assert kind_of(tmp_path / name) == (name, (64, 48))
        assert np.array_equal(alpha_of(tmp_path / name, max_pixels=10**6), expected)
    assert kind_of(tmp_path / "picture") == ("picture", (64, 48))
    assert alpha_of(tmp_path / "picture", max_pixels=10**6) is None
    with pytest.raises(TooManyPixels):
        alpha_of(tmp_path / "matte", max_pixels=100)


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("<svg onload=alert(1)>" * 10)
    with pytest.raises(NotAPhoto):
        kind_of(tmp_path / "text")
