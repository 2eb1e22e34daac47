"""What looks disagree on is told in numbers and with its place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from matting.people import Networks, find
from matting.people.doubt import among, between

Picture = NDArray[np.uint8]


def looked(rows: slice, columns: slice) -> NDArray[np.float32]:
    answer = np.zeros((256, 256), np.float32)
    answer[rows, columns] = 1
    return answer


def test_looks_that_agree_leave_no_doubt() -> None:
    one = looked(slice(50, 200), slice(80, 160))
    assert among([one, one, one]).as_json() == [0]
    assert between(one, one).value == 0


def test_what_one_look_alone_sees_is_the_place() -> None:
    person = looked(slice(50, 200), slice(80, 160))
    more = np.maximum(person, looked(slice(20, 60), slice(200, 240)))
    doubt = among([person, more])
    assert doubt.value > 0
    assert doubt.place is not None
    centre = doubt.place.centre
    assert centre == pytest.approx((220 / 256, 40 / 256), abs=0.03)


def test_another_size_of_answer_is_compared_as_well() -> None:
    person = looked(slice(50, 200), slice(80, 160))
    assert between(person, person[::2, ::2]).value < 1


def test_the_search_tells_its_doubts(networks: Networks, astronaut: Picture) -> None:
    """A plain portrait is looked at only by the first network; a scratched one by both."""
    plain = find(astronaut, networks)
    assert plain.second is None
    scratched = astronaut.copy()
    scratched[::9] = 255
    torn = find(scratched, networks)
    assert torn.looks.value > plain.looks.value
