"""One look: what the numbers mean, and that the file is the network that it is said to be."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from matting.errors import EngineUnavailable
from matting.faces import Network
from matting.faces.network import FILE, SIDE, anchors, decoded
from matting.picture.shrinking import squeezed


def test_the_anchors_are_the_cells_centres() -> None:
    """Sixteen by sixteen cells with two answers each, then eight by eight with six."""
    found = anchors()
    assert found.shape == (896, 2)
    assert found[:3].tolist() == [[1 / 32, 1 / 32], [1 / 32, 1 / 32], [3 / 32, 1 / 32]]
    assert found[32].tolist() == [1 / 32, 3 / 32]
    assert found[511].tolist() == [31 / 32, 31 / 32]
    assert found[512:518].tolist() == [[1 / 16, 1 / 16]] * 6
    assert found[518].tolist() == [3 / 16, 1 / 16]
    assert found[-1].tolist() == [15 / 16, 15 / 16]


@pytest.mark.parametrize(("answer", "centre"), [(0, (4, 4)), (35, (12, 12)), (895, (120, 120))])
def test_a_box_is_told_from_its_anchor_in_pixels(answer: int, centre: tuple[int, int]) -> None:
    logits = np.full(896, -200, np.float32)
    numbers = np.zeros((896, 16), np.float32)
    logits[answer] = np.log(3)
    numbers[answer, :4] = 6, -2, 32, 16
    (face,) = decoded(logits, numbers, 0.5)
    assert face.score == pytest.approx(0.75)
    box = face.box.scaled(SIDE)
    assert box.centre == pytest.approx((centre[0] + 6, centre[1] - 2))
    assert (box.width, box.height) == pytest.approx((32, 16))


def test_only_what_is_sure_enough_is_told() -> None:
    logits = np.linspace(-500, 500, 896).astype(np.float32)
    scores = [face.score for face in decoded(logits, np.zeros((896, 16), np.float32), 0.9)]
    assert len(scores) == np.count_nonzero(1 / (1 + np.exp(-logits.clip(-80, 80))) >= 0.9)
    assert all(0.9 <= score <= 1 for score in scores)


def test_colours_are_fed_as_red_green_blue(network, astronaut) -> None:
    square = squeezed(astronaut, SIDE)
    right, wrong = (
        max(face.score for face in network.look(np.ascontiguousarray(each), least=0.1))
        for each in (square, square[..., ::-1])
    )
    assert abs(right - wrong) > 0.01


def _damages() -> dict[str, bytes | None]:
    whole = (resources.files("matting.weights") / FILE).read_bytes()
    other = (resources.files("matting.weights") / "aged.onnx").read_bytes()
    return {
        "gone": None,
        "empty": b"",
        "a text": b"not a network",
        "zeros behind its head": whole[:8] + bytes(len(whole) - 8),
        "half of it": whole[: len(whole) // 2],
        "all but its end": whole[:-100],
        "another network": other,
    }


@pytest.mark.parametrize(("damage", "content"), _damages().items(), ids=_damages())
def test_a_damaged_file_is_told_in_one_line(
    damage: str, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(EngineUnavailable, match="is not as it was installed") as error:
        Network.load()
    assert "\n" not in str(error.value), damage
    assert FILE in str(error.value)
