"""What becomes of a file that is renamed, moved, linked, deleted or comes back: docs/intake.md."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable

from harness import Daemon, write_photo

Make = Callable[..., Daemon]


def names(one: Daemon) -> list[str]:
    return [os.path.basename(name) for name in one.mattes()]


def test_a_rename_before_its_turn_is_filed_once_under_the_new_name(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 1.5})
    one.start()
    write_photo(one.inbox / "first.png", red=10)
    one.await_("photo.started")
    write_photo(one.inbox / "old.png", red=20)
    one.await_("photo.settled", path="old.png")
    (one.inbox / "sub").mkdir()
    (one.inbox / "old.png").rename(one.inbox / "sub" / "new.png")
    one.await_("photo.filed", path="sub/new.png")
    one.await_("photo.gone", path="old.png")
    assert names(one) == ["first_matte.png", "new_matte.png"]


def test_a_rename_after_it_was_filed_is_a_new_photo(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    (one.inbox / "a.png").rename(one.inbox / "b.png")
    one.await_("photo.filed", path="b.png")
    assert names(one) == ["a_matte.png", "b_matte.png"]


def test_hard_links_are_two_photos_or_one_as_the_settings_say(daemon: Make) -> None:
    for duplicates, filed in (("process", 2), ("skip", 1)):
        one = daemon(folder={"duplicates": duplicates})
        one.start()
        os.link(write_photo(one.inbox / "a.png"), one.inbox / "b.png")
        one.await_("photo.settled", count=2)
        one.await_("photo.filed", count=filed)
        if duplicates == "skip":
            one.await_("photo.unchanged")
        assert len(names(one)) == filed
        one.stop()


def test_a_photo_that_is_deleted_before_its_turn_is_forgotten_until_it_comes_back(
    daemon: Make,
) -> None:
    one = daemon(engine={"matte_s": 2})
    one.start()
    write_photo(one.inbox / "first.png", red=10)
    one.await_("photo.started")
    write_photo(one.inbox / "a.png", red=20)
    one.await_("photo.settled", path="a.png")
    (one.inbox / "a.png").rename(one.root / "a.png")
    one.await_("photo.gone", path="a.png")
    one.await_("photo.filed", path="first.png")
    (one.root / "a.png").rename(one.inbox / "a.png")
    one.await_("photo.filed", path="a.png")
    assert names(one) == ["a_matte.png", "first_matte.png"]


def test_only_the_last_state_of_a_file_that_changes_before_its_turn_is_filed(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 2})
    one.start()
    write_photo(one.inbox / "first.png", red=10)
    one.await_("photo.started")
    for red in (20, 30):
        write_photo(one.inbox / "a.png", red=red)
        time.sleep(0.6)
    one.await_("photo.filed", path="a.png")
    time.sleep(1)
    assert names(one) == ["a_matte.png", "first_matte.png"]


def test_the_same_content_coming_back_after_archiving_is_recognised(daemon: Make) -> None:
    one = daemon(folder={"originals": "archive", "archive": "archive"})
    one.start()
    whole = write_photo(one.root / "a.png")
    shutil.copy(whole, one.inbox / "a.png")
    one.await_("source.disposed")
    shutil.copy(whole, one.inbox / "a.png")
    one.await_("photo.unchanged")
    one.await_("source.disposed", count=2)
    assert names(one) == ["a_matte.png"]
    assert len(list((one.root / "archive").rglob("*.png"))) == 2
