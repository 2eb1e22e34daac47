"""A studio's day in the browser: photos arrive while one looks, and each is decided about by keys.

`python -m tests.benchmarks.browser [--photos N] [--shots DIR]` copies photos in by tens, looks at
what is flagged, has three redone, mends one with the brush (and says what its soft edge came to,
before and after), rejects one, takes one decision back, and makes sure that ledger, manifest and
disk agree.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from playwright.sync_api import sync_playwright
from rich.console import Console

from daemon.bench.measures import distance, soft_error
from daemon.ledger.gallery import Gallery
from tests.benchmarks.day import _COMPOSED, Day, _disagreements, _grey
from tests.benchmarks.flag_sets import Case, cases
from tests.stubs.site_stub import Page, free_port

_CONSOLE = Console(highlight=False, soft_wrap=True)
_CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_DESKTOP, _TABLET = (1440, 900), (834, 1112)
_BATCH, _MOST_STROKES = 10, 8
_REDONE = 3
_SHARE = 0.35
"""Of what is wrong, how thick: people draw well inside what they mean."""
Facts = dict[str, Any]


class Person:
    """Somebody at the browser."""

    def __init__(self, page: Any, shots: Path | None) -> None:
        self.page = page
        self._shots = shots

    def shoot(self, name: str) -> None:
        """Keep what is seen."""
        if self._shots is not None:
            self.page.wait_for_timeout(1500)
            self.page.screenshot(path=str(self._shots / f"{name}.png"))

    def until(self, script: str, within_s: float = 60) -> None:
        """Wait for something to be seen."""
        until_s = time.monotonic() + within_s
        while not self.page.evaluate(script):
            assert time.monotonic() < until_s, script
            self.page.wait_for_timeout(100)

    def go(self, at: str) -> None:
        """Follow a link."""
        self.page.evaluate("at => { location.hash = at }", f"#/{at}")

    def look_at(self, photo: int) -> None:
        """Open a photo, large."""
        self.go(f"photo/{photo}")
        self.page.wait_for_selector(".tools [data-mode]:not([hidden])", timeout=60_000)
        self.until("!document.querySelector('.stage.loading')")

    def press(self, key: str) -> None:
        """A key."""
        self.page.keyboard.press(key)

    def decide(self, photo: int, key: str) -> None:
        """Look at a photo, then press the key."""
        self.look_at(photo)
        self.page.wait_for_timeout(300)
        self.press(key)
        self.until("document.querySelector('#told p')")
        self.page.wait_for_timeout(300)

    def redo(self, photo: int) -> None:
        """Have it done again as old photos are."""
        self.look_at(photo)
        self.press("d")
        self.page.select_option("dialog select", "old-photo")
        self.page.click("dialog .primary")
        self.page.wait_for_selector(".banner:not([hidden])")

    def draw(self, strokes: Sequence[Facts], width: int) -> None:
        """Draw with the brush, by hand, and have it applied."""
        self.press("b")
        self.page.wait_for_selector("canvas.brush")
        box = self.page.eval_on_selector(
            ".ground", "(g) => { const b = g.getBoundingClientRect(); return [b.x, b.y, b.width] }"
        )
        scale = box[2] / width
        for stroke in strokes:
            self.press({"person": "1", "background": "2"}[stroke["mark"]])
            self.page.eval_on_selector(
                ".brushbar input",
                "(one, size) => { one.value = size; one.dispatchEvent(new Event('input')) }",
                max(4, round(stroke["width"] * scale)),
            )
            points = [(box[0] + x * scale, box[1] + y * scale) for x, y in stroke["points"]]
            self.page.mouse.move(*points[0])
            self.page.mouse.down()
            for point in points[1:]:
                self.page.mouse.move(*point, steps=3)
            self.page.mouse.up()
        self.shoot("brush")
        self.press("Enter")
        self.page.wait_for_selector("canvas.brush", state="detached")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the day; 1 if any two accounts of it disagree, or the brush made nothing better."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--shots", type=Path)
    wanted = parser.parse_args(arguments)
    known = cases(_COMPOSED)
    all_known = [*known["composed"], *known["with reference"]]
    chosen = all_known[:: max(1, len(all_known) // wanted.photos)][: wanted.photos]
    if wanted.shots is not None:
        wanted.shots.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as made,
        _served(Path(made)) as (day, page),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_FLAGS))
        return _run(day, page, browser, chosen, wanted.shots)


@contextmanager
def _served(root: Path) -> Iterator[tuple[Day, Page]]:
    day, page = Day(root), Page(root, free_port())
    settings = yaml.safe_load(day.config.read_text()) | {"web": {"port": page.port}}
    day.config.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "daemon", "run", "--config", str(day.config)]
    with (day.root / "log").open("w") as log, subprocess.Popen(command, stderr=log) as daemon:
        try:
            while not day.status().get("running"):
                time.sleep(0.5)
            page.start()
            yield day, page
        finally:
            page.stop()
            daemon.terminate()


def _opened(browser: Any, page: Page, size: tuple[int, int], **options: Any) -> Any:
    view = {"width": size[0], "height": size[1]}
    one = browser.new_context(viewport=view, locale="en-US", **options).new_page()
    one.set_default_timeout(60_000)
    one.goto(f"http://127.0.0.1:{page.port}/#token={page.token}")
    one.wait_for_selector("html[data-ready]")
    return one


def _run(day: Day, page: Page, browser: Any, chosen: list[Case], shots: Path | None) -> int:
    person = Person(_opened(browser, page, _DESKTOP, color_scheme="dark"), shots)
    person.go("today")
    copies = {f"{number:02d}-{case.photo.name}": case for number, case in enumerate(chosen)}
    _arrive(day, person, copies)
    person.shoot("grid")
    found = {one["name"]: one for one in page.get("/api/photos?show=all&limit=500")["photos"]}
    flagged = [one["id"] for one in found.values() if one["flags"]]
    mended = _worst(day, page, found, copies)
    again = [photo for photo in flagged if photo != mended][:_REDONE]
    _CONSOLE.print(f"{len(found)} filed while one looked, {len(flagged)} of them flagged")
    for photo in again:
        person.redo(photo)
    faults = _mend(day, page, person, mended, copies)
    day.await_(len(chosen) + len(again) + 1)
    rest = [photo for photo in flagged if photo not in {*again, mended}]
    for photo in rest:
        person.decide(photo, "r" if photo == rest[0] else "a")
    if rest:
        person.decide(rest[-1], "u")
    _shoot_more(page, browser, person, mended)
    time.sleep(3)  # until the last figures are written
    faults += _disagreements(day, len(chosen), [str(photo) for photo in (*again, mended)])
    faults += _undecided(day, again, mended, rest)
    for fault in faults:
        _CONSOLE.print(f"DISAGREES: {fault}")
    if not faults:
        told = f"{len(again)} redone, 1 mended, 1 rejected, 1 decision taken back"
        _CONSOLE.print(f"{told}; ledger, manifest, metrics, status and disk agree.")
    return int(bool(faults))


def _arrive(day: Day, person: Person, copies: dict[str, Case]) -> None:
    """By tens, while the page is open: each appears by itself."""
    names = list(copies)
    for at in range(0, len(names), _BATCH):
        for name in names[at : at + _BATCH]:
            shutil.copy(copies[name].photo, day.inbox / name)
        day.await_(min(len(names), at + _BATCH))
        count = min(len(names), at + _BATCH)
        seen = f"document.querySelectorAll('.card:not(.open)').length >= {count}"
        person.until(seen)


def _worst(day: Day, page: Page, found: dict[str, Facts], copies: dict[str, Case]) -> int:
    """The photo that the brush can do most for: where most of a matte is quite wrong."""
    errors: dict[int, float] = {}
    for name, case in copies.items():
        if case.truth is not None:
            alpha, truth = _pair(day, page, found[name]["id"], case)
            wrong = np.abs(alpha.astype(np.int64) - truth) > 32767
            share = float(cv2.erode(wrong.astype(np.uint8), np.ones((9, 9), np.uint8)).mean())
            errors[found[name]["id"]] = share if share < 0.1 else 0.0
    return max(errors, key=lambda photo: errors[photo])


def _pair(
    day: Day, page: Page, photo: int, case: Case
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """The matte that is filed at present, and the true one, of one size."""
    files = page.get(f"/api/photos/{photo}")["files"]
    (name,) = (one["name"] for one in files if "_matte" in one["name"])
    alpha = _grey(day.results / name)
    assert case.truth is not None
    truth = _grey(case.truth)
    if truth.shape != alpha.shape:
        size = alpha.shape[1], alpha.shape[0]
        truth = np.asarray(cv2.resize(truth, size, interpolation=cv2.INTER_AREA), np.uint16)
    return alpha, truth


def _mend(day: Day, page: Page, person: Person, photo: int, copies: dict[str, Case]) -> list[str]:
    """Draw over what is wrong, as somebody sees it, and compare with the truth."""
    case = copies[page.get(f"/api/photos/{photo}")["name"]]
    alpha, truth = _pair(day, page, photo, case)
    person.look_at(photo)
    person.page.wait_for_timeout(1000)
    person.draw(_strokes(alpha, truth), alpha.shape[1])
    until_s = time.monotonic() + 300
    while page.get(f"/api/photos/{photo}")["filings"] < 2:
        assert time.monotonic() < until_s
        time.sleep(1)
    after, _ = _pair(day, page, photo, case)
    told = {
        name: (_soft(one, truth), distance(one, truth).mad)
        for name, one in (("before", alpha), ("after", after))
    }
    for name, (soft, mad) in told.items():
        _CONSOLE.print(f"{case.name}, {name} the brush: soft edge {soft:.4f}, all {mad:.4f}")
    return (
        [] if told["after"][0] < told["before"][0] else ["the brush made the soft edge no better"]
    )


def _soft(alpha: NDArray[np.uint16], truth: NDArray[np.uint16]) -> float:
    return soft_error(alpha, truth) or 0.0


def _strokes(alpha: NDArray[np.uint16], truth: NDArray[np.uint16]) -> list[Facts]:
    """Lines through the middle of the largest patches that are wrong."""
    wrong = (np.abs(alpha.astype(np.int64) - truth) > 32767).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wrong)
    largest = sorted(range(1, count), key=lambda one: -stats[one, cv2.CC_STAT_AREA])
    strokes = []
    for label in largest[:_MOST_STROKES]:
        depth = cv2.distanceTransform((labels == label).astype(np.uint8), cv2.DIST_L2, 5)
        if depth.max() >= 4:
            strokes.append(_stroke(depth, truth))
    return strokes


def _stroke(depth: NDArray[np.float32], truth: NDArray[np.uint16]) -> Facts:
    rows = np.flatnonzero((depth >= _SHARE * depth.max()).any(axis=1))
    chosen = rows[:: max(1, len(rows) // 12)]
    points = [(float(depth[row].argmax()), float(row)) for row in chosen]
    x, y = points[len(points) // 2]
    mark = "person" if truth[int(y), int(x)] > 32767 else "background"
    return {"mark": mark, "width": float(depth.max()), "points": [*points, points[-1]]}


def _undecided(day: Day, again: list[int], mended: int, rest: list[int]) -> list[str]:
    """Where the ledger differs from what was done."""
    expected = dict.fromkeys((*again, mended), "redone") | dict.fromkeys(rest, "approved")
    if rest:
        expected |= {rest[0]: "rejected", rest[-1]: "undone"}
    faults = []
    with Gallery.open(day.root / "state" / "ledger.sqlite", read_only=True) as gallery:
        for photo, verdict in expected.items():
            found = [str(one.verdict) for one in gallery.decisions(photo)]
            if not found or found[-1] != verdict:
                faults.append(f"photo {photo} is {found}, not {verdict}")
    return faults


def _shoot_more(page: Page, browser: Any, person: Person, photo: int) -> None:
    """Looks at one photo, at the sizes of a desktop and of a tablet."""
    person.look_at(photo)
    person.shoot("photo")
    person.press("z")
    person.shoot("photo-100")
    options = {"color_scheme": "light", "has_touch": True, "device_scale_factor": 1}
    tablet = Person(_opened(browser, page, _TABLET, **options), person._shots)
    tablet.go("today")
    tablet.page.wait_for_selector(".card")
    tablet.page.wait_for_timeout(3000)
    tablet.shoot("tablet-grid")
    tablet.look_at(photo)
    tablet.shoot("tablet-photo")


if __name__ == "__main__":
    sys.exit(main())
