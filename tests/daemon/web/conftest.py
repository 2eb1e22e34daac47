"""The page, beside a ledger that no daemon works on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from site_stub import Site

from daemon.web.application import VIEWER


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
