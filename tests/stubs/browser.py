"""The page in a real browser: how it is driven, and what is asked of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from site_stub import Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
Open = Callable[..., Any]
BOX = """(one) => {
  const box = one.getBoundingClientRect();
  return [box.x, box.y, box.width, box.height];
}"""


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


def id_of(site: Page, name: str) -> int:
    (found,) = (
        one for one in site.get("/api/photos?show=all&limit=500")["photos"] if one["name"] == name
    )
    return int(found["id"])


def shot(page: Any) -> Any:
    return cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)


def settled(page: Any) -> None:
    until(page, "document.querySelector('.divider')")
    page.wait_for_timeout(700)
