"""Whatever lands in the inbox: a clear line for what is bad, and the good photos beside it filed.

One daemon gets all of it at once, as a careless copy of a whole disk would bring it.
"""

from __future__ import annotations

import json
import os
import re
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from harness import Daemon, Fact, wait_until, write_photo

GIVE_UP_S = 5
TEMPLATE = "{stem}_{output}{ext}"
WITHOUT_POWERS = (
    (
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
    )
    if os.geteuid() == 0
    else ()
)
"""For root every file is readable, which would prove nothing."""

NAMES = {
    b"two  blanks .png": "two  blanks _matte.png",
    "祖母和我.png".encode(): "祖母和我_matte.png",
    b"line\nbreak.png": "line\nbreak_matte.png",
    b"latin1 \xfc\xff.png": os.fsdecode(b"latin1 \xfc\xff_matte.png"),
    b"-rf.png": "-rf_matte.png",
    b"{stem}.png": "{stem}_matte.png",
    b"{0.__class__}.png": "{0.__class__}_matte.png",
    b"100%.png": "100%_matte.png",
    b"%s %d.png": "%s %d_matte.png",
    b"$(reboot) `id` ;&|.png": "$(reboot) `id` ;&|_matte.png",
    b"\x1b[31mred.png": "\x1b[31mred_matte.png",
    b"UPPER.PNG": "UPPER_matte.png",
}


def huge_png() -> bytes:
    """A header of 60,000 x 60,000 pixels: 10 GB if somebody believes it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


BAD = {
    "truncated.jpg": "ends early",
    "text.jpg": "text is not taken",
    "huge.png": "60000 x 60000 are 3,600.0 megapixels; the limit is 250.0",
    "film.gif": "GIF is not taken",
    "zeros.tif": "starts with zeros",
}
IGNORED = {
    "outside.png": "a symlink; it is not followed",
    "inside.png": "a symlink; it is not followed",
    "dangling.png": "a symlink; it is not followed",
    "pipe.png": "not a regular file",
    "notes.txt": "not a photo by its name",
}


class Inbox:
    """The daemon after it has had time to think about everything."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.fill(daemon.inbox, daemon.root)
        daemon.start(prefix=WITHOUT_POWERS)
        good = 1 + 1 + len(NAMES) + 1
        daemon.await_("photo.filed", count=good)
        for name in BAD:
            daemon.await_("photo.quarantined", path=name)
        daemon.await_("photo.retried", path="unreadable.png")

    def fill(self, inbox: Path, root: Path) -> None:
        photo = write_photo(root / "outside.png", red=1).read_bytes()
        for name in NAMES:
            write_bytes(inbox, name, photo)
        write_bytes(inbox, b"x" * 251 + b".png", photo)
        write_photo(inbox / "directory.jpg" / "within.png")
        write_photo(inbox / "good.jpg")
        (inbox / "unreadable.png").write_bytes(photo)
        (inbox / "unreadable.png").chmod(0)
        (inbox / "empty.png").touch()
        whole = write_photo(root / "whole.jpg", size=(640, 480)).read_bytes()
        (inbox / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
        (inbox / "text.jpg").write_text("Dear Emma,\nthe photo is in the other letter.\n")
        (inbox / "huge.png").write_bytes(huge_png())
        (inbox / "film.gif").write_bytes(b"GIF89a" + bytes(100))
        (inbox / "zeros.tif").write_bytes(bytes(5000))
        (inbox / "notes.txt").write_text("roll 7")
        (inbox / "outside.png").symlink_to(root / "outside.png")
        (inbox / "inside.png").symlink_to("good.jpg")
        (inbox / "dangling.png").symlink_to("nowhere.png")
        (inbox / "loop").symlink_to(".")
        os.mkfifo(inbox / "pipe.png")

    def about(self, event: str, path: str) -> list[Fact]:
        return self.daemon.said(event, path=path)


def write_bytes(folder: Path, name: bytes, data: bytes) -> None:
    with open(os.path.join(os.fsencode(folder), name), "wb") as file:
        file.write(data)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    root = tmp_path_factory.mktemp("bad")
    settings = {
        "workers": 2,
        "profiles": {"plain": {"preprocess": [], "outputs": ["matte"], "file_as": TEMPLATE}},
    }
    one = Daemon(root, {"give_up_s": GIVE_UP_S}, settings, {})
    try:
        yield Inbox(one)
    finally:
        if one.child is not None and one.child.poll() is None:
            one.kill()


def test_the_good_photos_beside_the_bad_are_filed(inbox: Inbox) -> None:
    assert {"good_matte.png", "within_matte.png"} <= set(inbox.daemon.mattes())
    red = cv2.imread(str(inbox.daemon.results / "within_matte.png"), cv2.IMREAD_UNCHANGED)
    assert (red == 200).all()


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_kept_to_the_byte(inbox: Inbox, name: bytes) -> None:
    assert NAMES[name] in inbox.daemon.mattes()


def test_the_longest_name_there_can_be_is_shortened(inbox: Inbox) -> None:
    (long,) = (name for name in inbox.daemon.mattes() if name.startswith("xxx"))
    assert long.endswith("_matte.png")
    assert len(long) <= 255


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_ends_in_quarantine_with_its_reason(inbox: Inbox, name: str) -> None:
    (told,) = inbox.about("photo.quarantined", name)
    (report,) = (one for one in inbox.daemon.reports() if one["path"] == name)
    assert BAD[name] in told["reason"]
    assert report["reason"] == told["reason"]
    assert "\n" not in told["reason"]
    assert (inbox.daemon.inbox / name).exists()


def test_what_may_be_unfinished_is_given_time(inbox: Inbox) -> None:
    (told,) = inbox.about("photo.quarantined", "truncated.jpg")
    waited = re.search(r"unchanged for (\d+) s", told["reason"])
    assert waited is not None
    assert int(waited[1]) >= GIVE_UP_S
    assert not inbox.about("photo.retried", "huge.png")


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_ignored_is_said_once(inbox: Inbox, name: str) -> None:
    (told,) = inbox.about("file.ignored", name)
    assert told["reason"] == IGNORED[name]
    assert not inbox.about("photo.settled", name)


def test_an_empty_file_is_waited_for_and_said_once(inbox: Inbox) -> None:
    (told,) = inbox.about("file.empty", "empty.png")
    assert "empty" in told["reason"]
    write_photo(inbox.daemon.inbox / "empty.png")
    inbox.daemon.await_("photo.filed", path="empty.png")


def test_an_unreadable_file_is_filed_once_it_can_be_read(inbox: Inbox) -> None:
    retried = inbox.about("photo.retried", "unreadable.png")[0]
    assert retried["reason"] == "cannot be read: Permission denied"
    assert not inbox.about("photo.quarantined", "unreadable.png")
    (inbox.daemon.inbox / "unreadable.png").chmod(0o644)
    inbox.daemon.await_("photo.filed", path="unreadable.png")


def test_a_truncated_file_that_is_completed_in_time_is_filed(inbox: Inbox) -> None:
    whole = (inbox.daemon.root / "whole.jpg").read_bytes()
    late = inbox.daemon.inbox / "late.jpg"
    late.write_bytes(whole[: len(whole) // 2])
    inbox.daemon.await_("photo.retried", path="late.jpg")
    with late.open("ab") as file:
        file.write(whole[len(whole) // 2 :])
    inbox.daemon.await_("photo.filed", path="late.jpg")
    assert not inbox.about("photo.quarantined", "late.jpg")


def test_in_the_end_each_photo_has_one_result_or_one_report(inbox: Inbox) -> None:
    """And everything the daemon wrote to the pipe is JSON, one object a line, no traceback."""
    time.sleep(1.2)  # two more scans find nothing new to say
    one = inbox.daemon
    said = [(fact["event"], fact.get("path")) for fact in one.facts]
    for event in ("photo.filed", "photo.quarantined", "file.ignored", "file.empty"):
        paths = [path for what, path in said if what == event]
        assert len(paths) == len(set(paths)), event
    assert {path for what, path in said if what == "photo.quarantined"} == set(BAD)
    assert len(one.reports()) == len(BAD)
    assert len(one.mattes()) == len(one.said("photo.filed"))
    assert one.stop() == 0
    wait_until(lambda: bool(one.said("service.stopped")))
    assert not one.said("text")
    assert "Traceback" not in json.dumps(one.facts)
    assert not list(one.results.glob(".matted-staging/*"))
