"""The file is the network that it is said to be, or one line says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matting.errors import EngineUnavailable
from matting.people import Network
from matting.people.network import SIDE
from matting.picture.shrinking import squeezed


def test_a_person_is_seen_and_a_wall_is_not(network, astronaut, bare_wall) -> None:
    assert network.look(squeezed(astronaut, SIDE))[120:, 100:150].mean() > 0.9
    assert network.look(squeezed(bare_wall, SIDE)).max() < 0.3


def test_colours_are_fed_as_red_green_blue(network, astronaut) -> None:
    """Swapped, the same picture is answered differently: the order is not lost on the way."""
    right, wrong = (
        network.look(squeezed(astronaut, SIDE)),
        network.look(squeezed(astronaut[..., ::-1], SIDE)),
    )
    assert np.abs(right - wrong).mean() > 0.005


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"<html>404</html>", "web page"),
        (b"PK\x03\x04" + bytes(100), "zip archive"),
        (bytes(1000), "no TensorFlow Lite file"),
        (bytes(4) + b"TFL3" + bytes(1000), "damaged or another network"),
    ],
)
def test_another_file_is_named_for_what_it_is(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "people.tflite"
    path.write_bytes(content)
    with pytest.raises(EngineUnavailable, match=says) as error:
        Network.load(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_no_network(people_network: Path, tmp_path: Path, share: float) -> None:
    whole = people_network.read_bytes()
    path = tmp_path / "cut.tflite"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(EngineUnavailable, match="cannot be used"):
        Network.load(str(path))


def test_it_answers_probabilities_of_its_own_size(network) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    seen = network.look(noise)
    assert seen.shape == (SIDE, SIDE)
    assert seen.dtype == np.float32
    assert 0 <= seen.min() <= seen.max() <= 1
