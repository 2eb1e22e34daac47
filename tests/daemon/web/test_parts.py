"""Of a file with several photos each is looked at by itself, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from harness import Daemon
from numpy.typing import NDArray
from site_stub import Page, free_port

from daemon.web.application import VIEWER

RED, GREEN, BLUE, GREY = (200, 60, 40), (40, 180, 80), (40, 60, 220), (230, 230, 232)


def scan(colours: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    """Prints of one colour each, side by side on a grey platen; the second is higher."""
    rng = np.random.default_rng(5)
    pixels = np.full((500, 760, 3), GREY, np.float32) + rng.normal(0, 1, (500, 760, 1))
    for number, colour in enumerate(colours):
        height = 260 + 80 * number
        left = 60 + 350 * number
        pixels[60 : 60 + height, left : left + 280] = np.array(colour) + rng.normal(
            0, 6, (height, 280, 1)
        )
    return pixels.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, dict[str, Any]]]:
    """The page beside a daemon that has filed two pages of two prints each."""
    if not VIEWER.exists():
        pytest.skip("NOT TESTED, THE PAGE: `make page` could not fetch its viewer")
    port, root = free_port(), tmp_path_factory.mktemp("scanned")
    outputs = ["matte", {"foreground": {"format": "webp"}}]
    profiles = {"plain": {"preprocess": [], "outputs": outputs}}
    reading = {"pages": "all", "split": "prints"}
    one = Daemon(root, reading, {"web": {"port": port}, "profiles": profiles}, {})
    made = Page(root, port)
    try:
        one.start()
        pages = np.stack([scan((RED, GREEN)), scan((BLUE, RED))])
        tifffile.imwrite(root / "scan.tif", pages, photometric="rgb")
        (root / "scan.tif").rename(one.inbox / "scan.tif")
        one.await_("photo.filed")
        made.start()
        (listed,) = made.get("/api/photos")["photos"]
        yield made, listed
    finally:
        made.stop()
        one.kill()


def picture(page: Page, path: str) -> Any:
    status, _, body = page.ask("GET", path)
    assert status == 200, body
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def test_each_has_pictures_files_and_a_size_of_its_own(
    scanned: tuple[Page, dict[str, Any]],
) -> None:
    """They were shown as one, without the originals."""
    site, listed = scanned
    parts = listed["parts"]
    assert [(part["page"], part["print"]) for part in parts] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [part["files"] for part in parts] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    told = site.get(f"/api/photos/{listed['id']}")
    names = {file["number"]: file["name"] for file in told["files"]}
    assert len(names) == 8
    for part, colour in zip(parts, (RED, GREEN, BLUE, RED), strict=True):
        base = f"/api/photos/{listed['id']}/pictures/{part['edition']}"
        facts = site.get(base)
        assert facts["kinds"] == ["matte", "cutout"]
        assert (facts["layers"], facts["after"]) == (["original", "cutout", "matte"], "cutout")
        small = picture(site, f"{base}/small/before.webp")
        middle = small[small.shape[0] // 2, small.shape[1] // 2].astype(int)
        assert np.abs(middle - colour).max() < 30, part
        for layer in facts["layers"]:
            cut = site.get(f"{base}/{layer}")
            assert [cut["width"], cut["height"]] == part["size"], layer
            level = int(np.ceil(np.log2(max(part["size"]))))
            status, _, _ = site.ask("GET", f"{base}/{layer}/{level}/0_0{cut['extension']}")
            assert status == 200
    assert parts[0]["size"] != parts[1]["size"]


def test_one_that_there_is_not_is_refused(
    scanned: tuple[Page, dict[str, Any]],
) -> None:
    site, listed = scanned
    for wrong in ("0", "5", "-1", "1.1", "99999999", "x", "1/../2"):
        path = f"/api/photos/{listed['id']}/pictures/{listed['edition']}.{wrong}"
        assert site.ask("GET", path)[0] == 404, wrong


def test_they_are_gone_through_one_after_the_other(
    chromium: Any, scanned: tuple[Page, dict[str, Any]]
) -> None:
    site, listed = scanned
    context = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 800})
    one = context.new_page()
    one.goto(f"http://127.0.0.1:{site.port}/#token={site.token}")
    one.wait_for_selector("html[data-ready]")
    one.evaluate("location.hash = '#/today'")
    one.wait_for_selector(".mosaic img")
    assert one.locator(".mosaic img").count() == 4
    # No function to wait for: it would be evaluated, which the page forbids.
    one.wait_for_selector(".mosaic b:text-is('4')")
    one.evaluate(f"location.hash = '#/photo/{listed['id']}'")
    for name in ("page 1, print 1", "page 1, print 2", "page 2, print 1", "page 2, print 2"):
        one.wait_for_selector(f".parts [aria-pressed=true][aria-label='{name}']")
        one.wait_for_selector(".divider:not([hidden])")
        assert one.locator(".files a").count() == 3, "two results of its own, and the scan"
        one.keyboard.press("ArrowRight")
    one.click("[aria-label='page 1, print 2']")
    one.wait_for_url(f"**/#/photo/{listed['id']}/2")
    context.close()
