"""Steps get whom they search with, and photos a warning where there is nobody to ask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from daemon.config.profiles import BUILT_IN, Profile
from daemon.errors import NoEngine
from daemon.work.finder import finder

FOCUSED = Profile.model_validate({"preprocess": ["focus_person"]})


def test_a_profile_that_does_not_focus_needs_nobody() -> None:
    assert finder(Profile(), None) == (None, ())


def test_without_the_network_a_photo_is_told_what_to_install() -> None:
    told = "focus_person did nothing: the network that finds people is not installed: `do this`"
    assert finder(FOCUSED, None, how="do this") == (None, (told,))
    assert finder(BUILT_IN["old-photo"], None)[1]


def test_with_it_people_are_found(people_network: Path) -> None:
    search, warnings = finder(FOCUSED, people_network)
    assert warnings == ()
    assert search is not None
    assert len(search(np.asarray(data.astronaut(), np.uint8)).people) == 1


def test_a_file_that_is_no_network_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"<html>")
    with pytest.raises(NoEngine, match=r"focus_person finds nobody.*web page"):
        finder(FOCUSED, tmp_path / "x.tflite")
