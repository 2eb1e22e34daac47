"""A file that ends early, wherever it ends, is never taken for a photo."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.errors import NotReady
from daemon.imaging.decode import decode

SHARES = (0.1, 0.2, 0.3, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
LACKING = (100, 13, 12, 9, 8, 5, 4, 3, 2, 1)


def cuts(size: int) -> set[int]:
    return {
        *(0, 1, 2, 3, 7, 15, 16, 17, 18, 33, 60, 200),
        *(int(size * share) for share in SHARES),
        *(size - lacking for lacking in LACKING),
    }


def test_a_file_cut_anywhere_is_not_ready(made: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    decoded = []
    for size in sorted(cuts(len(made))):
        path.write_bytes(made[:size])
        try:
            decode(path, max_pixels=10**6)
            decoded.append(size)
        except NotReady:
            pass
    assert decoded == [], f"of {len(made)} bytes"


def test_what_a_last_look_takes_of_a_cut_file_is_the_whole_picture(
    made: bytes, kind: str, tmp_path: Path
) -> None:
    """What is missing at its end is forgiven only if no pixel is; and it is told."""
    path = tmp_path / "photo"
    path.write_bytes(made)
    whole = decode(path, max_pixels=10**6, last_look=True)
    assert whole.warnings == ()
    taken = []
    for size in sorted(cuts(len(made))):
        path.write_bytes(made[:size])
        try:
            raster = decode(path, max_pixels=10**6, last_look=True)
        except NotReady:
            continue
        taken.append(len(made) - size)
        assert (raster.pixels == whole.pixels).all(), taken
        assert raster.icc == whole.icc
        assert len(raster.warnings) == 1
    if kind in {"jpeg", "png", "png-16", "png-palette"}:
        assert 1 in taken


@pytest.mark.parametrize(
    "kind", ["jpeg", "jpeg-progressive", "png", "tiff-lzw", "tiff-tiled", "tiff-16"], indirect=True
)
def test_a_file_whose_rest_is_still_zeros_is_not_ready(made: bytes, tmp_path: Path) -> None:
    """Copying programs reserve the room first. Uncompressed files and WebP cannot tell."""
    path = tmp_path / "photo"
    path.write_bytes(made[: len(made) // 2] + bytes(len(made) - len(made) // 2))
    with pytest.raises(NotReady):
        decode(path, max_pixels=10**6)


@pytest.mark.parametrize("kind", ["jpeg", "jpeg-progressive", "png", "png-16"], indirect=True)
def test_a_last_look_at_a_file_whose_rest_is_zeros_takes_no_lost_pixel(
    made: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(made)
    whole = decode(path, max_pixels=10**6).pixels
    for size in sorted(cuts(len(made))):
        path.write_bytes(made[:size] + bytes(len(made) - size))
        try:
            raster = decode(path, max_pixels=10**6, last_look=True)
        except NotReady:
            continue
        assert (raster.pixels == whole).all(), len(made) - size


def test_bytes_behind_the_end_do_no_harm(made: bytes, tmp_path: Path) -> None:
    """Phones append films to their photos."""
    path = tmp_path / "photo"
    path.write_bytes(made + b"film" * 1000)
    assert decode(path, max_pixels=10**6).size == (160, 200)


def test_a_thumbnail_s_end_mark_is_not_the_photo_s(
    jpeg_with_thumbnail: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(jpeg_with_thumbnail)
    assert decode(path, max_pixels=10**6).size == (160, 200)
    assert jpeg_with_thumbnail.count(b"\xff\xd9") == 2
    path.write_bytes(jpeg_with_thumbnail[:-2])
    with pytest.raises(NotReady, match="no end mark"):
        decode(path, max_pixels=10**6)
