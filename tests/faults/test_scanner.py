"""A real scanner program, SANE's scanimage with its test device, straight into the folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from audit import Sent, number_in
from harness import Daemon
from sending import Sending, tool
from summary import Tally

Make = Callable[..., Daemon]
PAGES = 6


@pytest.mark.faults
@pytest.mark.parametrize("depth", [8, 16])
def test_every_page_of_a_batch_is_filed(daemon: Make, tally: Tally, depth: int) -> None:
    scanimage = tool("scanimage", "sane-utils")
    one = daemon(workers=2)
    one.start()
    command = [scanimage, "-d", "test:0", "--format=tiff", "--mode=Color", f"--depth={depth}"]
    command += ["--test-picture=Color pattern", "--resolution=75", "--batch-count=1"]
    # Each buffer is held back, as a real scanner does.
    command += ["--read-delay=yes", "--read-delay-duration=20000"]
    command += [f"--batch={one.inbox}/page%03d.tiff"]
    for page in range(1, PAGES + 1):  # of different heights: else all pages would be the same
        scan([*command, f"--batch-start={page}", "-y", str(40 + 5 * page)])
    sending = Sending(one, tally)
    pages = sorted(one.inbox.glob("*.tiff"))
    assert len(pages) == PAGES
    sending.sent += [Sent.of(page.name, page.read_bytes(), shown(page, one.root)) for page in pages]
    sending.arrive()
    sending.audit()
    assert not one.said("photo.retried")


def scan(command: list[str]) -> None:
    """Scan one page."""
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired as error:
        # The test device's reader process can hang when it is closed, seen once in a dozen runs:
        # not ours, and the page was written by then.
        if b"Batch terminated, 1 page scanned" not in (error.stderr or b""):
            raise


def shown(page: Path, scratch: Path) -> int:
    """What the stub's matte of a page must show: that of its red channel."""
    seen = cv2.imread(str(page), cv2.IMREAD_UNCHANGED)
    assert seen is not None
    red = seen[:, :, 2]
    assert cv2.imwrite(str(scratch / "red.png"), red)
    return number_in(scratch / "red.png")
