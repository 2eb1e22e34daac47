"""Whom the page is for: three languages, a keyboard alone, a tablet, and who has the token."""

from __future__ import annotations

from typing import Any

import pytest
from browser import Open, go, id_of, until
from site_stub import Site

from daemon.ledger.gallery import Gallery

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
