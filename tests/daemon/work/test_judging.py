"""What is at hand when a photo is done, whichever engine did it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from daemon.steps.view import View
from daemon.work.judging import at_hand
from matting.engines import Answer
from matting.judgement.evidence import Doubt
from matting.judgement.judge import judge
from matting.people import Networks, find
from matting.picture.boxes import Box

Picture = NDArray[np.uint8]


@pytest.fixture
def view() -> View:
    return View.of(np.asarray(skimage.data.astronaut(), np.uint8), 512)


def _seen(view: View, left: int) -> Picture:
    """A matte of the astronaut, roughly, or of the flag beside her."""
    seen = np.zeros(view.pixels.shape[:2], np.uint8)
    seen[40:, left : left + 260] = 255
    return seen


def _doubt(view: View, answer: Answer, people: Path) -> Doubt:
    alpha = answer.alpha.astype(np.uint16) * np.uint16(257)
    return at_hand(view, answer, answer.alpha, alpha, people).answered.doubts["second"]


def _told(view: View, answer: Answer, people: Path | None) -> set[str]:
    alpha = answer.alpha.astype(np.uint16) * np.uint16(257)
    evidence = at_hand(view, answer, answer.alpha, alpha, people)
    return {flag.reason for flag in judge(evidence, "onnx")}


def test_another_engine_is_compared_with_the_people_network(
    view: View, people_network: Path
) -> None:
    beside = Answer(_seen(view, 0)[:, ::-1], None, {})
    assert "second" in _told(view, beside, people_network)


def test_what_a_step_has_found_is_compared_without_another_look(
    view: View, people_network: Path, tmp_path: Path
) -> None:
    """Not even the file is read again."""
    found = find(view.pixels, Networks.load(str(people_network)))
    searched = replace(view, found=found)
    broken = tmp_path / "selfie.tflite"
    broken.write_bytes(b"not a network")
    answer = Answer(_seen(view, 0), None, {})
    assert _doubt(searched, answer, broken) == _doubt(view, answer, people_network)


def test_where_that_is_not_installed_nothing_is_compared(view: View, tmp_path: Path) -> None:
    beside = Answer(_seen(view, 0)[:, ::-1], None, {})
    assert "second" not in _told(view, beside, None)
    broken = tmp_path / "selfie.tflite"
    broken.write_bytes(b"not a network")
    assert "second" not in _told(view, beside, broken)


def test_what_the_engine_says_itself_is_placed_in_the_photo(view: View) -> None:
    """It looked at a part of the photo: its shares are of that."""
    closer = view.closer(Box(100, 200, 200, 300))
    seen = np.zeros((300, 200), np.uint8)
    seen[50:, 40:160] = 255
    facts = {"doubts": {"looks": [7.0, 0.5, 0.1, 0.2, 0.3], "second": [0.1]}}
    alpha = closer.frame(seen.astype(np.uint16) * np.uint16(257))
    evidence = at_hand(closer, Answer(seen, 1, facts), seen, alpha, None)
    (flag,) = (each for each in judge(evidence, "people") if each.reason == "looks")
    assert flag.value == 7.0
    assert flag.place == (200, 230, 40, 90)
