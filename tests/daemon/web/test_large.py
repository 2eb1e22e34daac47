"""A photo of 100 megapixels on the page: in bounded memory, and soon. `make page-tests` runs it."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import pytest
from browser import go, settled
from harness import family
from site_stub import Site

SIZE = (12_000, 8_400)
"""(width, height): 101 megapixels."""
MOST_BYTES = 1_600 << 20
"""Of one process that makes pictures: two arrays of 100 megapixels in four planes, twice over."""
FIRST_TILE_S = 120
"""On a machine that does much else; 5.4 s of the processor are the most that a layer takes."""

pytestmark = [pytest.mark.page, pytest.mark.timeout(900)]


class Peak:
    """The most memory that any process below one has taken, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            for pid in family(self._pid):
                self.most_bytes = max(self.most_bytes, _peak_bytes(pid))


def _peak_bytes(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    return int(found[1]) << 10 if found else 0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, int]]:
    """A photo full of detail, and its cut-out, neither of which compresses well."""
    one = Site(tmp_path_factory.mktemp("large"))
    photo = one.file("large.png", size=SIZE)
    try:
        one.start()
        yield one, photo
    finally:
        one.close()


def test_a_hundred_megapixels_are_seen_at_their_own_size(
    chromium: Any, large: tuple[Site, int], capsys: pytest.CaptureFixture[str]
) -> None:
    site, photo = large
    assert site.child is not None
    context = chromium.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    one = context.new_page()
    one.set_default_timeout(300_000)
    tiles: list[tuple[str, float]] = []
    one.on("response", lambda told: tiles.append((told.url, time.monotonic())))
    one.goto(f"http://127.0.0.1:{site.port}/#token={site.token}")
    one.wait_for_selector("html[data-ready]")
    with Peak(site.child.pid) as peak:
        began_s = time.monotonic()
        go(one, f"photo/{photo}")
        one.wait_for_selector(".divider:not([hidden])")
        settled(one)
        one.keyboard.press("z")
        settled(one)
        one.wait_for_timeout(2000)
        for layer in ("matte", "original"):  # and all other layers
            one.click(f"[data-mode={layer}]")
            settled(one)
    assert one.inner_text(".tools .zoom") == "100 %"
    first_s = next(at_s for url, at_s in tiles if re.search(r"/\d+/\d+_\d+\.", url)) - began_s
    deepest = [url for url, _ in tiles if re.search(r"/(original|cutout)/14/\d+_\d+\.", url)]
    with capsys.disabled():
        told = f"first tile after {first_s:.1f} s, at most {peak.most_bytes >> 20} MB in a process"
        sys.stdout.write(f"\n101 megapixels: {told}\n")
    assert deepest
    assert len([url for url, _ in tiles if "/14/" in url]) < 80, (
        "what is not in sight is not fetched"
    )
    assert first_s < FIRST_TILE_S
    assert peak.most_bytes < MOST_BYTES
    context.close()


def test_the_tiles_are_the_photo(large: tuple[Site, int]) -> None:
    """One from the middle, compared with what is there."""
    site, photo = large
    edition = site.get(f"/api/photos/{photo}")["edition"]
    base = f"/api/photos/{photo}/pictures/{edition}/original"
    told = site.get(base)
    assert [told["width"], told["height"]] == list(SIZE)
    column, row = 12, 9
    status, _, body = site.ask("GET", f"{base}/14/{column}_{row}{told['extension']}")
    assert status == 200
    tile = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    whole = cv2.imread(str(site.inbox / "large.png"))
    size, overlap = told["tile"], told["overlap"]
    left, top = column * size - overlap, row * size - overlap
    exact = whole[top : top + tile.shape[0], left : left + tile.shape[1]]
    assert np.abs(tile.astype(int) - exact).mean() < 2
