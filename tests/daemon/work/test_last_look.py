"""What may still be written is waited for; what is whole by then is filed and not given up."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tifffile
from harness import Daemon, write_photo

GIVE_UP_S = 3
Make = Callable[..., Daemon]


def with_a_garbage_pointer(path: Path) -> bytes:
    """A TIFF of one page, which is whole, that says of a second one far behind the end."""
    pixels = cv2.imread(str(write_photo(path)))
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, photometric="rgb", metadata=None)
    with tifffile.TiffFile(io.BytesIO(out.getvalue())) as file:
        page = file.pages[0]
        at = page.offset + 2 + 12 * len(page.tags)  # type: ignore[union-attr] # a page, no frame
    data = bytearray(out.getvalue())
    assert not any(data[at : at + 4])
    data[at : at + 4] = b"    "
    return bytes(data)


def test_a_whole_page_before_a_garbage_pointer_is_filed_after_give_up_s(
    daemon: Make, tmp_path: Path
) -> None:
    one = daemon(folder={"give_up_s": GIVE_UP_S})
    (one.inbox / "scan.tif").write_bytes(with_a_garbage_pointer(tmp_path / "photo.png"))
    one.start()
    filed = one.await_("photo.filed")
    assert "page 1 itself is whole" in str(filed["warnings"])
    retried = one.said("photo.retried")
    assert retried
    assert all("ends early" in each["reason"] for each in retried)
    assert not one.said("photo.quarantined")
    (matte,) = one.mattes()
    assert np.asarray(cv2.imread(str(one.results / matte), cv2.IMREAD_UNCHANGED)).size


def test_without_patience_it_is_filed_at_once(daemon: Make, tmp_path: Path) -> None:
    one = daemon(folder={"give_up_s": 0})
    (one.inbox / "scan.tif").write_bytes(with_a_garbage_pointer(tmp_path / "photo.png"))
    one.start()
    one.await_("photo.filed")
    assert not one.said("photo.retried")
