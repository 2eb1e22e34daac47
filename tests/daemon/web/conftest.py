"""The page, beside a ledger that no daemon works on; and a real browser to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, FLAGS, Open, go
from site_stub import HAIR, Site

from daemon.web.application import VIEWER
from matting.judgement.flag import Flag


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests of a file: five photos, two of them flagged."""
    if not VIEWER.exists():
        pytest.skip("NOT TESTED, THE PAGE: `make page` could not fetch its viewer")
    one = Site(tmp_path_factory.mktemp("site"))
    try:
        one.start()
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip("NOT TESTED, THE PAGE IN A BROWSER: there is no chromium (apt-get install)")
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="NOT TESTED, THE PAGE IN A BROWSER: there is no playwright"
    )
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
