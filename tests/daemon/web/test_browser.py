"""The page in a real browser: what is seen, what keys do, and what arrives meanwhile."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from site_stub import HAIR, Site

from daemon.ledger.gallery import Gallery
from daemon.photo import Filed
from daemon.web.application import VIEWER
from matting.judgement.flag import Flag

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="NOT TESTED, THE PAGE IN A BROWSER: there is no playwright"
)
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
Open = Callable[..., Any]
GAPS = """async (step) => {
  const grid = document.getElementById('grid');
  const gaps = [];
  let last = performance.now();
  const until = last + 2000;
  while (performance.now() < until) {
    grid.scrollTop += step;
    await new Promise(requestAnimationFrame);
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  return gaps.sort((one, other) => one - other)[Math.floor(gaps.length * 0.9)];
}"""
"""Scrolls for two seconds; the time between two frames, in milliseconds, that nine of ten keep."""
REACH = ".tools button, .actions button, #bar > button"
OUT_OF_REACH = f"""() => [...document.querySelectorAll('{REACH}')]
  .filter(button => button.offsetParent)
  .filter(button => {{
    const box = button.getBoundingClientRect();
    const middle = box.top + box.height / 2;
    const touched = [box.left + 3, box.right - 3].map(x => document.elementFromPoint(x, middle));
    const uncovered = button.disabled || touched.every(one => button.contains(one));
    return !uncovered || button.scrollWidth > button.clientWidth || box.height < 38;
  }})
  .map(button => button.innerText || button.title)"""
"""Buttons that are cut off, covered, too small for a finger or for what they say."""
BOX = """(one) => {
  const box = one.getBoundingClientRect();
  return [box.x, box.y, box.width, box.height];
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip("NOT TESTED, THE PAGE IN A BROWSER: there is no chromium (apt-get install)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Six photos, of which the second and the fourth are flagged."""
    if not VIEWER.exists():
        pytest.skip("NOT TESTED, THE PAGE: `make page` could not fetch its viewer")
    one = Site(tmp_path_factory.mktemp("browsed"))
    for number in range(6):
        flags = (HAIR, Flag("parts", 1.0, None)) if number in {1, 3} else ()
        one.file(f"photo-{number}.png", flags=flags, size=(960, 640))
    one.start()
    yield one
    one.close()


@pytest.fixture
def page(chromium: Any, browsed: Site) -> Iterator[Open]:
    """Opens pages, signed in; any complaint of the browser fails the test."""
    contexts, complaints = [], []

    def opened(at: str = "", **options: Any) -> Any:
        size = options.pop("size", (1440, 900))
        wanted = {"viewport": {"width": size[0], "height": size[1]}, "locale": "en-US", **options}
        context = chromium.new_context(**wanted)
        contexts.append(context)
        one = context.new_page()
        one.set_default_timeout(30_000)
        one.on("pageerror", lambda error: complaints.append(str(error)))
        one.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        one.goto(f"http://127.0.0.1:{browsed.port}/#token={browsed.token}")
        one.wait_for_selector("html[data-ready]")
        if at:
            go(one, at)
        return one

    yield opened
    for context in contexts:
        context.close()
    missing = [one for one in complaints if "404" not in one]  # a picture that cannot be made
    assert not missing


def go(page: Any, at: str) -> None:
    page.evaluate("at => { location.hash = at }", f"#/{at}")
    if at.startswith("photo/"):
        page.wait_for_selector(f"#photo[data-photo='{at.removeprefix('photo/')}']")
        page.wait_for_selector(".tools [data-mode]:not([hidden])")
        until(page, "!document.querySelector('.stage.loading')")


def until(page: Any, script: str, within_s: float = 30) -> None:
    """Not by playwright's own waiting, which evaluates text: the page's policy forbids that."""
    until_s = time.monotonic() + within_s
    while not page.evaluate(script):
        assert time.monotonic() < until_s, script
        page.wait_for_timeout(50)


def cards(page: Any) -> list[str]:
    return list(page.eval_on_selector_all(".card", "all => all.map(one => one.title)"))


def id_of(site: Site, name: str) -> int:
    (found,) = (
        one for one in site.get("/api/photos?show=all&limit=500")["photos"] if one["name"] == name
    )
    return int(found["id"])


def shot(page: Any) -> Any:
    return cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)


def settled(page: Any) -> None:
    until(page, "document.querySelector('.divider')")
    page.wait_for_timeout(700)


def test_the_filter_opens_on_what_is_to_be_looked_at_and_all_have_it_first(page: Open) -> None:
    one = page()
    one.wait_for_selector(".card img")
    assert cards(one) == ["photo-3.png", "photo-1.png"]
    assert one.inner_text(".card .why >> nth=0") == "Some of the hair is cut off +1"
    one.click("text=Today")
    until(one, "document.querySelectorAll('.card').length === 6")
    assert cards(one)[:2] == ["photo-3.png", "photo-1.png"]
    until(one, "[...document.querySelectorAll('.card img')].every(i => i.naturalWidth)")


def test_the_divider_shows_before_and_after_and_moves_by_hand_and_by_key(
    page: Open, browsed: Site
) -> None:
    one = page(f"photo/{id_of(browsed, 'photo-0.png')}")
    one.wait_for_selector(".divider:not([hidden])")
    one.click("[aria-label=White]")
    one.keyboard.press("z")
    settled(one)
    assert one.inner_text(".tools .zoom") == "100 %"
    box = one.eval_on_selector(".stage", BOX)
    middle, height = int(box[0] + box[2] / 2), int(box[1] + box[3] / 2) + 280
    picture = shot(one)
    assert tuple(picture[height, middle - 300]) != (255, 255, 255), "the photo's own background"
    assert tuple(picture[height, middle + 300]) == (255, 255, 255), "cut out, on white"
    one.mouse.move(middle, box[1] + 500)
    one.mouse.down()
    one.mouse.move(middle + 380, box[1] + 500, steps=4)
    one.mouse.up()
    settled(one)
    assert tuple(shot(one)[height, middle + 300]) != (255, 255, 255)
    one.focus(".divider")
    one.keyboard.press("Home")
    settled(one)
    assert tuple(shot(one)[height, middle - 300]) == (255, 255, 255)


def test_a_photo_of_24_megapixels_is_seen_at_its_own_size(page: Open, browsed: Site) -> None:
    photo = browsed.file("large.png", size=(6000, 4000))
    began_s = time.monotonic()
    one = page(f"photo/{photo}")
    one.wait_for_selector(".divider:not([hidden])")
    assert time.monotonic() - began_s < 25
    tiles: list[str] = []
    one.on("response", lambda answer: tiles.append(answer.url) if answer.ok else None)
    one.keyboard.press("z")
    settled(one)
    one.wait_for_timeout(800)
    assert one.inner_text(".tools .zoom") == "100 %"
    deepest = [url for url in tiles if re.search(r"/(original|cutout)/13/\d+_\d+\.", url)]
    assert deepest
    assert len(tiles) < 60, "what is not in sight is not fetched"


def test_keys_go_through_photos_and_decide_and_undo(page: Open, browsed: Site) -> None:
    first, second = id_of(browsed, "photo-5.png"), id_of(browsed, "photo-4.png")
    one = page("today")
    one.wait_for_selector(".card")
    go(one, f"photo/{first}")
    one.keyboard.press("ArrowRight")
    one.wait_for_selector(f"#photo[data-photo='{second}']")
    one.keyboard.press("ArrowLeft")
    one.wait_for_selector(f"#photo[data-photo='{first}']")
    one.keyboard.press("a")
    one.wait_for_url(f"**/#/photo/{second}")  # on to the next
    assert browsed.ledger.entry(first).decided == "approved"
    one.wait_for_selector(f"#photo[data-photo='{second}']")
    one.keyboard.press("r")
    until(one, f"!location.hash.endsWith('/{second}')")
    assert browsed.ledger.entry(second).decided == "rejected"
    go(one, f"photo/{second}")
    one.wait_for_selector(".decided.rejected")
    one.keyboard.press("u")
    one.wait_for_selector(".history .undone")
    assert browsed.ledger.entry(second).decided is None
    for key, mode in (("2", "cutout"), ("3", "matte"), ("4", "original"), ("1", "compare")):
        one.keyboard.press(key)
        one.wait_for_selector(f"[data-mode={mode}][aria-pressed=true]")
    one.keyboard.press("?")
    one.wait_for_selector("dialog kbd")
    one.keyboard.press("Escape")
    one.wait_for_selector("dialog", state="detached")
    one.keyboard.press("Escape")
    one.wait_for_selector("#grid:not([hidden])")
    assert one.evaluate("document.activeElement.title") == "photo-4.png"


def test_it_works_by_keyboard_alone(page: Open, browsed: Site) -> None:
    del browsed
    one = page("look")
    one.wait_for_selector(".card")
    for _ in range(20):
        one.keyboard.press("Tab")
        if one.evaluate("document.activeElement.className").startswith("card"):
            break
    one.keyboard.press("ArrowRight")
    name = one.evaluate("document.activeElement.title")
    one.keyboard.press("Enter")
    one.wait_for_selector(f"h1:has-text('{name}')")
    labels = one.eval_on_selector_all(
        "button:not([hidden])", "all => all.filter(b => !b.innerText.trim() && !b.ariaLabel).length"
    )
    assert labels == 0, "each button says what it is"


def test_a_redo_is_asked_for_with_a_profile_and_seen_to_be_under_way(
    page: Open, browsed: Site
) -> None:
    photo = browsed.file("again.png")
    one = page(f"photo/{photo}")
    one.wait_for_selector("h1:has-text('again.png')")
    one.wait_for_selector(".divider:not([hidden])")
    one.keyboard.press("d")
    one.select_option("dialog select", "studio-portrait")
    one.click("dialog .primary")
    one.wait_for_selector(".banner:not([hidden])")
    assert browsed.ledger.entry(photo).photo.redo.profile == "studio-portrait"
    one.keyboard.press("u")
    one.wait_for_selector(".banner", state="hidden")
    assert browsed.ledger.entry(photo).photo.redo is None


def test_the_brush_draws_in_the_photos_own_pixels_and_sends_what_is_seen(
    page: Open, browsed: Site
) -> None:
    photo = browsed.file("brushed.png", size=(960, 640))
    one = page(f"photo/{photo}")
    one.wait_for_selector(".divider:not([hidden])")
    settled(one)
    one.keyboard.press("b")
    one.wait_for_selector("canvas.brush")
    box = one.eval_on_selector(".ground", BOX)
    scale = box[2] / 960

    def draw(*points: tuple[float, float]) -> None:
        one.mouse.move(box[0] + points[0][0] * scale, box[1] + points[0][1] * scale)
        one.mouse.down()
        for x, y in points[1:]:
            one.mouse.move(box[0] + x * scale, box[1] + y * scale, steps=5)
        one.mouse.up()

    draw((480, 320), (600, 320))
    one.keyboard.press("2")
    draw((100, 100), (100, 200))
    one.keyboard.press("3")
    draw((700, 500), (720, 520))
    one.keyboard.press("Control+z")
    middle = shot(one)[round(box[1] + 320 * scale), round(box[0] + 540 * scale)]
    assert middle[1] > middle[2] + 30, "what is a person is green"
    one.keyboard.press("Enter")
    one.wait_for_selector("canvas.brush", state="detached")
    strokes = browsed.ledger.entry(photo).photo.redo.touchup.strokes
    assert [stroke.mark for stroke in strokes] == ["person", "background"]
    assert np.allclose(strokes[0].points[0], (480, 320), atol=2 / scale)
    assert np.allclose(strokes[0].points[-1], (600, 320), atol=2 / scale)
    assert strokes[0].width == pytest.approx(36 / scale, rel=0.02)


def test_what_another_page_decides_and_what_is_filed_arrives_by_itself(
    page: Open, browsed: Site
) -> None:
    photo = browsed.file("both.png", flags=(HAIR,))
    one, other = page("today"), page(f"photo/{photo}")
    one.wait_for_selector("[title='both.png']")
    other.wait_for_selector("h1:has-text('both.png')")
    one.wait_for_timeout(1200)  # both listen
    go(one, f"photo/{photo}")
    one.keyboard.press("a")
    other.wait_for_selector(".decided.approved")
    new = browsed.file("arrived.png", flags=(HAIR,))
    go(one, "today")
    one.wait_for_selector("[title='arrived.png']")
    assert cards(one)[0] == "arrived.png", "what is to be looked at comes first"
    redone = browsed.ledger.entry(new)
    assert redone is not None
    waiting = browsed.notice(b"waiting.png", (96, 64))
    one.wait_for_selector("[title='waiting.png'].open")
    filed = Filed((), (96, 64), "people", "cpu", 1, "ab" * 32)
    browsed.ledger.filed(waiting.id, filed, dispose=False, now_s=time.time())
    one.wait_for_selector("[title='waiting.png']:not(.open)")


@pytest.mark.parametrize(
    ("locale", "look", "compare"),
    [
        ("de-AT", "Anzusehen", "Vergleich"),
        ("zh-CN", "待查看", "对比"),
        ("fr-FR", "To look at", "Compare"),
    ],
)
def test_it_speaks_the_browsers_language(
    page: Open, browsed: Site, locale: str, look: str, compare: str
) -> None:
    one = page(locale=locale)
    assert look in one.inner_text("#bar nav")
    go(one, f"photo/{id_of(browsed, 'photo-0.png')}")
    assert one.inner_text("[data-mode=compare]") == compare


def test_names_with_html_and_escapes_are_shown_as_they_are(page: Open, browsed: Site) -> None:
    names = [
        "<img src=x onerror=document.title='owned'>.png",
        "a\x1b[31m\u202egnp.png",
        "&lt;b&gt;.png",
    ]
    ids = [browsed.file(name) for name in names]
    bad = browsed.file(b"\xff\xfe<script>.png", pictures=False)
    one = page("today")
    one.wait_for_selector(f"[href='#/photo/{bad}']")
    for photo in (*ids, bad):
        go(one, f"photo/{photo}") if photo != bad else one.evaluate(
            f"location.hash='#/photo/{photo}'"
        )
        one.wait_for_selector("h1")
        one.wait_for_timeout(200)
    assert one.title() == "matted"
    assert one.query_selector_all("h1 *, .card b, .card script") == []
    shown = one.inner_text("h1")
    assert shown == "\\xff\\xfe<script>.png"


def test_a_tablet_has_everything_in_reach(page: Open, browsed: Site) -> None:
    photo = id_of(browsed, "photo-1.png")
    for size in ((834, 1112), (1112, 834), (1024, 768)):  # in the language with the longest words
        one = page(f"photo/{photo}", size=size, has_touch=True, locale="de-DE")
        one.wait_for_selector(".divider:not([hidden])")
        outside = one.evaluate(OUT_OF_REACH)
        assert outside == []
        assert one.evaluate("document.documentElement.scrollWidth <= innerWidth")
        one.tap(".actions .brush")
        one.wait_for_selector("canvas.brush")


def test_the_token_is_asked_for_and_a_wrong_one_is_refused(chromium: Any, browsed: Site) -> None:
    context = chromium.new_context(locale="en-US")
    one = context.new_page()
    one.goto(f"http://127.0.0.1:{browsed.port}/")
    one.fill("dialog input[type=password]", "wrong")
    one.click("dialog .primary")
    one.wait_for_selector("text=This is not the token.")
    one.fill("dialog input[type=password]", browsed.token)
    one.fill("dialog input[autocomplete=name]", "Anna")
    one.click("dialog .primary")
    one.wait_for_selector(".card")
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert one.evaluate("document.cookie") == ""
    photo = id_of(browsed, "photo-2.png")
    go(one, f"photo/{photo}")
    one.keyboard.press("a")
    until(one, "document.querySelector('#told p')")
    with Gallery.open(browsed.ledger.path, read_only=True) as gallery:
        assert [each.who for each in gallery.decisions(photo)] == ["Anna"]
    context.close()


def test_five_thousand_photos_are_there_at_once_and_scroll_without_jank(
    chromium: Any, tmp_path: Path
) -> None:
    one = Site(tmp_path)
    try:
        fill(one, 5000)
        one.start()
        page = chromium.new_page(locale="en-US", viewport={"width": 1440, "height": 900})
        page.goto(f"http://127.0.0.1:{one.port}/#token={one.token}")
        page.wait_for_selector("html[data-ready]")
        page.goto("about:blank")
        page.goto(f"http://127.0.0.1:{one.port}/#/today")
        page.wait_for_selector(".card")
        listed_ms = page.evaluate("performance.now()")
        painted_ms = page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
        at_rest_ms = page.evaluate(GAPS, 0)  # what this machine can do at all
        scrolling_ms = page.evaluate(GAPS, 400)
        count = page.evaluate("document.querySelectorAll('.card').length")
        page.close()
        assert painted_ms < 1500
        assert listed_ms < 3000
        assert scrolling_ms < at_rest_ms + 100
        assert count > 300, "more were fetched meanwhile"
    finally:
        one.close()


def fill(site: Site, count: int) -> None:
    """So many filed photos, in one transaction."""
    facts = (
        '{"size": [960, 640], "engine": "people", "device": "cpu", "people": 1, "sha256": "ab",'
        ' "warnings": []}'
    )
    now_s = time.time()
    rows = (
        (
            bytes(site.inbox),
            b"%05d.png" % n,
            n,
            now_s - n / 1000,
            now_s,
            now_s,
            facts,
            int(n % 9 == 0),
        )
        for n in range(count)
    )
    with site.ledger._write() as db:
        db.executemany(
            "INSERT INTO photo (folder, path, inode, changed_s, first_seen_s, due_s, filed,"
            " flagged, device, size_bytes, mtime_ns, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 1, 1, 'filed')",
            rows,
        )
