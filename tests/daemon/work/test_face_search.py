"""Faces in what the engine saw, told in the photo's pixels."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from staged_jobs import Make, done, portrait, write

from daemon.steps.view import View
from daemon.work import face_search
from daemon.work.face_search import faces_in
from daemon.work.judging import at_hand
from matting.engines import Answer
from matting.faces import Face, network
from matting.judgement.flag import Place
from matting.judgement.judge import judge
from matting.picture.boxes import Box

Picture = NDArray[np.uint8]
SURE, SEARCHED, ANOTHER = {"parts": 1}, {"parts": 12}, {}
"""What the engine tells: one look was enough, it searched, it is another one."""


@pytest.fixture
def astronaut() -> Picture:
    return np.asarray(skimage.data.astronaut(), np.uint8)


def _small(astronaut: Picture) -> Picture:
    """Her in the corner of a photo of 2000 x 1400."""
    photo = np.full((1400, 2000, 3), 110, np.uint8)
    photo[-400:, -400:] = cv2.resize(astronaut, (400, 400), interpolation=cv2.INTER_AREA)
    return photo


def _answer(view: View, facts: dict[str, Any]) -> Answer:
    return Answer(np.zeros(view.pixels.shape[:2], np.uint8), 0, facts)


def _told(photo: Picture, alpha: NDArray[np.uint16], engine: str) -> dict[str, Place | None]:
    view = View.of(photo, 1024)
    small = cv2.resize((alpha >> 8).astype(np.uint8), view.pixels.shape[1::-1])
    answer = Answer(small, int(bool(alpha.any())), {})
    faces, unseen = faces_in(view, answer)
    assert unseen == ()
    flags = judge(at_hand(view, answer, small, alpha, None, faces), engine)
    return {flag.reason: flag.place for flag in flags}


def test_windows_are_searched_unless_the_engine_was_sure(astronaut: Picture) -> None:
    view = View.of(_small(astronaut), 1024)
    assert faces_in(view, _answer(view, SURE)) == ((), ())
    for facts in (SEARCHED, ANOTHER):
        (face,), unseen = faces_in(view, _answer(view, facts))
        assert unseen == ()
        assert face.box.centre == pytest.approx((1600 + 225 * 400 / 512, 1101), abs=15)


def test_a_face_is_told_in_the_photo_though_the_engine_saw_a_part(astronaut: Picture) -> None:
    closer = View.of(_small(astronaut), 300).closer(Box(1500, 900, 500, 500))
    (face,), _ = faces_in(closer, _answer(closer, SURE))
    assert face.box.centre == pytest.approx((1600 + 225 * 400 / 512, 1101), abs=15)


def test_what_the_engine_saw_of_faces_is_believed_and_told_in_the_photo(
    astronaut: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked into the same windows."""
    monkeypatch.setattr(face_search, "_network", None)
    closer = View.of(_small(astronaut), 300).closer(Box(1500, 900, 500, 500))
    told = {"parts": 12, "faces": [[0.9, 0.5, 0.25, 0.1, 0.2], [0.6, 0.0, 0.0, 1.0, 1.0]]}
    faces, unseen = faces_in(closer, _answer(closer, told))
    box = closer.box
    at = box.x + box.width / 2, box.y + box.height / 4, box.width / 10, box.height / 5
    assert faces == (Face(Box(*at), 0.9), Face(box, 0.6))
    assert unseen == ()
    assert faces_in(closer, _answer(closer, {"faces": []})) == ((), ())


@pytest.mark.parametrize("engine", ["people", "onnx", "one of tomorrow"])
def test_a_head_that_is_cut_off_is_told_with_its_place(astronaut: Picture, engine: str) -> None:
    alpha = np.zeros((512, 512), np.uint16)
    alpha[20:, 40:400] = 65535
    assert "face_outside" not in _told(astronaut, alpha, engine)
    alpha[:200] = 0
    left, top, width, height = _told(astronaut, alpha, engine)["face_outside"]
    assert left < 225 < left + width
    assert top < 129 < top + height
    assert max(width, height) < 150


def test_a_face_in_an_empty_matte_is_told(astronaut: Picture) -> None:
    told = _told(astronaut, np.zeros((512, 512), np.uint16), "people")
    assert list(told) == ["face_outside", "nobody"]


def test_a_picture_without_people_tells_of_no_face() -> None:
    photo = np.asarray(skimage.data.coffee(), np.uint8)
    assert list(_told(photo, np.zeros(photo.shape[:2], np.uint16), "people")) == ["nobody"]


def test_a_photo_is_filed_though_the_network_is_damaged(
    job_for: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And judged without faces; its warnings say that in one line."""
    (tmp_path / network.FILE).write_bytes(b"not a network")
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    face_search._network.cache_clear()
    try:
        filed = done(job_for(write(tmp_path / "a.png", portrait()))).filed
    finally:
        face_search._network.cache_clear()
    (warning,) = filed.warnings
    assert warning.startswith("no faces were looked for: matting/weights/")
    assert "\n" not in warning
