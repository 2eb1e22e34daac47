"""A daemon takes photos that are whole, and waits for those that are not yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Daemon, write_photo

Make = Callable[..., Daemon]


def test_a_file_is_not_touched_before_it_is_complete(daemon: Make) -> None:
    one = daemon(folder={"settle_s": 1.0})
    one.start()
    data = write_photo(one.root / "whole.png", size=(400, 300)).read_bytes()
    with (one.inbox / "scan.png").open("wb", buffering=0) as file:
        for start in range(0, len(data), len(data) // 6 + 1):
            file.write(data[start : start + len(data) // 6 + 1])
            time.sleep(0.4)
            assert not one.said("photo.settled")
    one.await_("photo.filed")
    assert len(one.said("photo.settled")) == 1
    assert not one.said("photo.retried")


def test_a_copy_that_reserved_its_room_and_stalls_is_not_taken(daemon: Make) -> None:
    """Size and date stand still, and half of it is zeros, which decode as black."""
    one = daemon()
    one.start()
    data = write_photo(one.root / "whole.bmp", size=(400, 300)).read_bytes()
    with (one.inbox / "scan.bmp").open("wb", buffering=0) as file:
        file.truncate(len(data))
        file.write(data[: len(data) // 2])
        one.await_("file.busy", path="scan.bmp")
        time.sleep(2)
        assert not one.said("photo.settled")
        assert len(one.said("file.busy")) == 1
        file.write(data[len(data) // 2 :])
    one.await_("photo.filed")
    assert len(one.said("photo.settled")) == 1


def test_a_file_that_ends_in_zeros_is_waited_for_and_then_filed_with_a_warning(
    daemon: Make,
) -> None:
    """On a share nobody tells who has it open; and its lower half may be black after all."""
    one = daemon(folder={"give_up_s": 6})
    one.start()
    data = write_photo(one.root / "whole.bmp", size=(400, 300)).read_bytes()
    for name in ("rest-comes.bmp", "black.bmp"):
        (one.inbox / name).write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    one.await_("photo.retried", path="rest-comes.bmp")
    (one.inbox / "rest-comes.bmp").write_bytes(data)
    filed = one.await_("photo.filed", path="rest-comes.bmp")
    assert "warnings" not in filed
    filed = one.await_("photo.filed", path="black.bmp")
    assert "zeros or more" in filed["warnings"][0]
    assert not one.said("photo.quarantined")


def test_a_clock_that_is_put_right_or_a_long_sleep_gives_no_photo_up(
    daemon: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is for how long a file was watched, over restarts too."""
    monkeypatch.setenv("CLOCK_OFFSET_FILE", str(tmp_path / "offset"))
    one = daemon(folder={"give_up_s": 15})
    one.start()
    half = write_photo(one.root / "whole.png", size=(400, 300)).read_bytes()[:900]
    (one.inbox / "half.png").write_bytes(half)
    one.await_("photo.retried")
    (tmp_path / "offset").write_text("3600")
    one.await_("photo.retried", count=2)
    assert not one.said("photo.quarantined"), "an hour by the clock is none of watching"
    one.stop()
    (tmp_path / "offset").write_text("-3600")
    began_s = time.monotonic()
    one.start()
    report = one.await_("photo.quarantined")
    assert time.monotonic() - began_s < 60, "a clock that was set back keeps nobody waiting"
    assert 15 <= int(report["reason"].split("unchanged for ")[1].split()[0]) < 40


def test_an_inbox_that_is_a_link_is_followed_when_it_leads_elsewhere(daemon: Make) -> None:
    one = daemon(folder={"watch": "link"})
    for name in ("march", "april"):
        (one.root / name).mkdir()
    (one.root / "link").symlink_to("march")
    one.start()
    write_photo(one.root / "march" / "a.png")
    one.await_("photo.filed", path="a.png")
    (one.root / "link").unlink()
    (one.root / "link").symlink_to("april")
    told = one.await_("folder.retargeted")
    assert (told["before"], told["now"]) == (str(one.root / "march"), str(one.root / "april"))
    write_photo(one.root / "april" / "b.png")
    one.await_("photo.filed", path="b.png")


def test_a_link_that_leads_nowhere_or_where_it_must_not_is_said_and_not_followed(
    daemon: Make,
) -> None:
    one = daemon(folder={"watch": "link"})
    (one.root / "link").symlink_to("inbox")
    one.start()

    def lead(to: str) -> None:
        (one.root / "link").unlink()
        (one.root / "link").symlink_to(to)

    lead("not yet")
    assert "still used" in one.await_("folder.retargeted")["reason"]
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed", path="a.png")
    lead("results")
    refused = one.await_("settings.refused")
    assert "overlaps with" in refused["faults"][0]
    write_photo(one.inbox / "b.png")
    one.await_("photo.filed", path="b.png")
    time.sleep(3)
    assert len(one.said("folder.retargeted")) == 2, "each is said once"
    lead("not yet")
    (one.root / "not yet").mkdir()
    one.await_("settings.reloaded")
    write_photo(one.root / "not yet" / "c.png")
    one.await_("photo.filed", path="c.png")
