"""The page beside a real daemon: what it asks for is done, and it is never waited for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from harness import Daemon, wait_until, write_photo
from numpy.typing import NDArray
from site_stub import Page, free_port

from daemon.web.application import VIEWER


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Page]]:
    """One pair for all tests: to start it takes longer than what is done with it."""
    if not VIEWER.exists():
        pytest.skip("NOT TESTED, THE PAGE: `make page` could not fetch its viewer")
    port, root = free_port(), tmp_path_factory.mktemp("beside")
    one = Daemon(root, {}, {"web": {"port": port}, "manifest": True}, {})
    page = Page(root, port)
    try:
        one.start()
        page.start()
        yield one, page
    finally:
        page.stop()
        one.kill()


def composed(path: Path) -> NDArray[np.uint8]:
    """A person whose arm the engine misses, since its alpha is red; returns the true alpha."""
    side = 320
    rng = np.random.default_rng(3)
    alpha = np.zeros((side, side), np.float32)
    cv2.rectangle(alpha, (90, 60), (200, 319), 1, -1)
    cv2.rectangle(alpha, (200, 150), (280, 190), 1, -1)
    alpha = cv2.GaussianBlur(alpha, (9, 9), 0)
    body, arm, ground = ((60, 90, 255), (190, 210, 0), (40, 50, 0))  # BGR
    colours = np.full((side, side, 3), body, np.float32)
    colours[:, 204:] = arm
    pixels = alpha[..., None] * colours + (1 - alpha[..., None]) * np.array(ground, np.float32)
    pixels[:, :, :2] += rng.normal(0, 2, (side, side, 2))
    path.write_bytes(cv2.imencode(".png", pixels.clip(0, 255).astype(np.uint8))[1].tobytes())
    return np.rint(alpha * 255).astype(np.uint8)


def error(matte: Path, truth: NDArray[np.uint8]) -> float:
    found = cv2.imread(str(matte), cv2.IMREAD_GRAYSCALE)
    return float(np.abs(found.astype(int) - truth).mean() / 255)


def test_what_was_drawn_is_filed_as_a_new_version_that_is_better(
    beside: tuple[Daemon, Page],
) -> None:
    one, page = beside
    truth = composed(one.inbox / "drawn.png")
    filed = one.await_("photo.filed", path="drawn.png")
    photo = page.get(f"/api/photos/{filed['photo']}")
    (first,) = filed["names"]
    before = error(one.results / first, truth)
    content = (one.results / first).read_bytes()
    strokes = [{"mark": "person", "width": 26, "points": [[205, 170], [265, 170]]}]
    status, told = page.post(f"/api/photos/{photo['id']}/redo", {"strokes": strokes})
    assert status == 200, told
    one.await_("photo.filed", count=2, path="drawn.png")
    told = page.get(f"/api/photos/{photo['id']}")
    assert told["filed"]["engine"] == "touch-up"
    (name,) = (file["name"] for file in told["files"])
    assert name == first.replace("_matte", "-2_matte")
    after = error(one.results / name, truth)
    assert after < 0.3 * before
    assert (one.results / first).read_bytes() == content, "nothing is overwritten"
    status, told = page.post(f"/api/photos/{photo['id']}/decisions", {"decision": "undo"})
    assert [file["name"] for file in told["files"]] == [first]
    assert (one.results / name).exists(), "no file is touched"
    wait_until(lambda: sum("manifest" in found for found in one.mattes()) == 1)


def test_the_page_stopped_slow_or_killed_never_holds_up_a_photo(
    beside: tuple[Daemon, Page],
) -> None:
    """Filing never waits for a reader: the ledger is in WAL mode, and writes are short."""
    one, page = beside
    before = page.get("/api/photos")["numbers"]["all"]
    write_photo(one.inbox / "0.png")
    one.await_("photo.filed", path="0.png")
    assert page.child is not None
    os.kill(page.child.pid, signal.SIGSTOP)
    write_photo(one.inbox / "1.png", red=90)
    one.await_("photo.filed", path="1.png")
    os.kill(page.child.pid, signal.SIGCONT)
    for number in range(20):  # busy with questions, then killed in the middle of them
        page.ask("GET", f"/api/photos?show=all&limit={number + 1}")
    page.child.kill()
    page.child.wait(10)
    write_photo(one.inbox / "2.png", red=120)
    one.await_("photo.filed", path="2.png")
    page.child = None
    page.start()
    assert page.get("/api/photos")["numbers"]["all"] == before + 3
    assert not one.said("photo.stumbled")


def test_an_uploaded_photo_is_filed_like_any_other(beside: tuple[Daemon, Page]) -> None:
    one, page = beside
    content = write_photo(one.root / "uploaded.png").read_bytes()
    raw = {"Content-Type": "application/octet-stream"}
    until_s = time.monotonic() + 10
    while (answer := page.ask("PUT", "/api/inboxes/inbox/uploaded.png", content, raw))[0] == 503:
        assert time.monotonic() < until_s, answer
        time.sleep(0.2)
    assert answer[0] == 201, answer
    one.await_("photo.filed", path="uploaded.png")
    assert not one.said("file.ignored")


def test_a_picture_that_is_sent_comes_back_cut_out(
    beside: tuple[Daemon, Page], people_network: Path
) -> None:
    """By the program's own engine, since no settings name another here; nothing is filed."""
    del people_network
    one, page = beside
    before = page.get("/api/photos?show=all")["photos"]
    content = write_photo(one.root / "emma.jpg", size=(160, 120)).read_bytes()
    raw = {"Content-Type": "application/octet-stream"}
    path = "/api/matte?profile=studio-portrait"
    status, headers, body = page.ask("POST", path, content, raw)
    assert (status, headers["Content-Type"]) == (200, "image/png"), body
    pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (120, 160, 4)
    status, _, body = page.ask("POST", path, b"<html>no photo</html>" * 9, raw)
    assert status == 422, body
    assert b"Traceback" not in body
    assert page.ask("POST", "/api/matte?profile=plain&output=foreground", content, raw)[0] == 400
    assert page.ask("POST", "/api/matte?profile=none", content, raw)[0] == 400
    assert page.get("/api/photos?show=all")["photos"] == before
    assert not list((one.root / "state" / "web").glob("matte-*"))
