"""One photo, large, in a real browser: the divider, deep zoom, keys, redo and the brush."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from browser import BOX, Open, go, id_of, settled, shot, until
from site_stub import Site

from daemon.ledger.decisions import Verdict


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


def test_a_decision_that_comes_while_a_picture_is_prepared_leaves_it_coming(
    page: Open, browsed: Site
) -> None:
    """The news of it was taken for another picture, and `Preparing` stayed for ever."""
    photo = browsed.file("decided.png")
    one = page("today")
    one.wait_for_selector(".card")
    held: list[Any] = []

    def hold(route: Any) -> None:  # playwright takes no bound method of a list
        held.append(route)

    one.route(re.compile(rf"/photos/{photo}/pictures/[0-9a-f]+$"), hold)
    one.evaluate("at => { location.hash = at }", f"#/photo/{photo}")
    one.wait_for_selector(f"#photo[data-photo='{photo}']")
    until_s = time.monotonic() + 30
    while not held:
        assert time.monotonic() < until_s
        one.wait_for_timeout(50)
    browsed.ledger.decide(photo, Verdict.APPROVED, "somebody", now_s=time.time())
    one.wait_for_selector(".decided.approved")
    for route in held:
        route.continue_()
    one.wait_for_selector(".tools [data-mode]:not([hidden])")


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
