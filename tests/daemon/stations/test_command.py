"""A command answers: what is of use is filed beside the rest, and what is not has a reason."""

from __future__ import annotations

import sys
from typing import Any

import cv2
import numpy as np
import pytest

REDDER = (
    "import sys, cv2; p = cv2.imread(sys.argv[1]); p[:, :, 2] = 255; cv2.imwrite(sys.argv[2], p)"
)


def python(program: str, *more: str) -> list[str]:
    return [sys.executable, "-c", program, "{picture}", "{answer}", *more]


def test_an_answer_is_filed_beside_the_rest_as_it_is(house: Any) -> None:
    assert house.asked("command", command=python(REDDER)) == "filed"
    assert house.filed() == ["IMG_1_restored.png"]
    assert (house.answer()[:, :, 0] == 255).all()
    assert (house.answer()[:, :, 1:] == house.photo[:, :, 1:]).all()
    assert not list((house.results / ".matted-staging").iterdir()), "nothing is left in staging"
    assert not list((house.root / "work").iterdir()), "nor of what was sent"


@pytest.mark.parametrize(("sent", "shown"), [("photo", "photo"), ("foreground", "colours")])
def test_it_gets_the_photo_or_the_cut_out(house: Any, sent: str, shown: str) -> None:
    copy = "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"
    assert house.asked("command", command=python(copy), send=sent) == "filed"
    back = cv2.imread(str(house.day / "IMG_1_restored.png"), cv2.IMREAD_UNCHANGED)
    assert (back[:, :, 2::-1] == getattr(house, shown)).all()
    assert back.shape[2] == (3 if sent == "photo" else 4)


def test_the_matte_goes_with_it(house: Any) -> None:
    program = "import sys, shutil; shutil.copy(sys.argv[3], sys.argv[2])"
    assert house.asked("command", command=python(program, "{matte}")) == "filed"
    back = cv2.imread(str(house.day / "IMG_1_restored.png"), cv2.IMREAD_UNCHANGED)
    assert (back == house.alpha).all()


@pytest.mark.parametrize("blend", ["person", "background"])
def test_it_is_blended_through_the_matte(house: Any, blend: str) -> None:
    assert house.asked("command", command=python(REDDER), blend=blend) == "filed"
    share = (house.alpha / 255)[:, :, None]
    theirs = house.photo.astype(float)
    theirs[:, :, 0] = 255
    exact = theirs * share + house.photo * (1 - share)
    if blend == "background":
        exact = house.colours * share + theirs * (1 - share)
    assert np.abs(house.answer() - exact).max() <= 0.51


def test_what_was_cropped_is_answered_in_its_own_size(house: Any) -> None:
    cropped = cv2.imread(str(house.day / "IMG_1_foreground.png"), cv2.IMREAD_UNCHANGED)[:20, :10]
    cv2.imwrite(str(house.day / "IMG_1_foreground.png"), cropped)
    copy = "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"
    assert house.asked("command", command=python(copy), send="foreground") == "filed"
    assert house.answer().shape[:2] == (20, 10)


WRONG = {
    "nothing": ("import sys", "wrote no answer"),
    "empty": ("import sys; open(sys.argv[2], 'w')", "wrote no answer"),
    "text": ("import sys; open(sys.argv[2], 'w').write('Dear Emma, ' * 20)", "is no picture"),
    "cut short": (
        "import sys; c = open(sys.argv[1], 'rb').read(); open(sys.argv[2], 'wb').write(c[:900])",
        "is no picture",
    ),
    "small": (
        "import sys, cv2; cv2.imwrite(sys.argv[2], cv2.imread(sys.argv[1])[::2, ::2])",
        "of another size: 24 x 16 instead of 48 x 32",
    ),
    "bitmap": (
        "import sys, cv2; cv2.imencode('.bmp', cv2.imread(sys.argv[1]))[1].tofile(sys.argv[2])",
        "its answer is BMP",
    ),
    "fails": ("import sys; sys.exit('no such model')", "ended with 1: no such model"),
    "hangs": ("import time; time.sleep(60)", "was killed after 1.5 s"),
    "link": ("import os, sys; os.symlink('/etc/passwd', sys.argv[2])", "wrote no answer"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_an_answer_of_no_use_has_a_reason_and_costs_nothing_else(house: Any, kind: str) -> None:
    program, reason = WRONG[kind]
    timeout_s = 1.5 if kind == "hangs" else 60
    told = house.asked("command", command=python(program), timeout_s=timeout_s)
    assert reason in told
    assert told.endswith("; tried 2 times")
    assert house.filed() == []
    assert house.source.exists()
    (report,) = house.reports()
    assert (report["reason"], report["station"]) == (told, "restored")


def test_any_size_is_taken_where_that_is_wished(house: Any) -> None:
    program = "import sys, cv2; cv2.imwrite(sys.argv[2], cv2.imread(sys.argv[1])[::2, ::2])"
    assert house.asked("command", command=python(program), size="any") == "filed"
    assert house.answer().shape[:2] == (16, 24)


def test_a_command_that_is_not_there_is_waited_for(house: Any, await_: Any) -> None:
    """It is no fault of the photo, which is charged with nothing."""
    house.hand_over()
    program = house.root / "restore"
    house.worker("command", command=[str(program), "{picture}", "{answer}"]).start()
    await_(lambda: house.book._run("SELECT 1 FROM handover WHERE tries > 3", ()))
    assert house.book._run("SELECT attempts FROM handover", ())[0]["attempts"] <= 1
    program.write_text('#!/bin/sh\ncp "$1" "$2"\n')
    program.chmod(0o755)
    assert house.ended() == "filed"


def test_a_station_that_stays_away_is_given_up_in_the_end(house: Any) -> None:
    told = house.asked("command", command=["/nowhere/restore"], give_up_s=0.5)
    assert told == "/nowhere/restore cannot be started: No such file or directory"
    assert len(house.reports()) == 1


@pytest.mark.parametrize("gone", ["IMG_1_foreground.png", "IMG_1.png"])
def test_what_is_not_there_any_more_cannot_be_sent(house: Any, gone: str) -> None:
    for path in (house.day / gone, house.root / gone):
        path.unlink(missing_ok=True)
    sent = "foreground" if "foreground" in gone else "photo"
    told = house.asked("command", command=python(REDDER), send=sent)
    assert "is not there any more" in told or "the original cannot be sent" in told


def test_a_result_that_was_exchanged_for_a_link_is_not_followed(house: Any) -> None:
    (house.day / "IMG_1_foreground.png").unlink()
    (house.day / "IMG_1_foreground.png").symlink_to("/etc/passwd")
    house.hand_over()
    copy = "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"
    house.worker("command", command=python(copy), send="foreground", give_up_s=0.3).start()
    assert "cannot be read" in house.ended()
    assert house.filed() == []
