"""What is taken for true on a real photo, and how far."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training alone: see `make train`")

from matting.training import labels, packs  # noqa: E402 - they need PyTorch


def _photo(whole: float, search: float, salient: float) -> packs.Labelled:
    """One photo of which each teacher says the same everywhere, 0..1."""
    said = torch.tensor([whole, search, salient]).mul(255).round().byte()
    opinions = said.view(1, 3, 1, 1).expand(1, 3, 256, 256)
    return packs.Labelled(torch.zeros(1, 3, 448, 448, dtype=torch.uint8), opinions, ("one",))


@pytest.mark.parametrize("backing", [(0.9, 0.1), (0.1, 0.9)])
def test_whom_the_search_and_one_more_see_is_a_person_for_sure(backing):
    target, weight = labels.from_teachers(_photo(backing[0], 0.9, backing[1]))[0]
    assert target.float().mean() == pytest.approx(0.9, abs=0.01)
    assert weight.float().mean() == pytest.approx(1.0, abs=0.01)


def test_whom_the_search_alone_sees_counts_less():
    alone = labels.from_teachers(_photo(0.1, 0.9, 0.1))[0, 1].float().mean()
    backed = labels.from_teachers(_photo(0.9, 0.9, 0.1))[0, 1].float().mean()
    assert 0 < alone < 0.5 * backed


def test_what_stands_out_alone_is_nobody():
    """A vase, to U-2-Net; the search was not convinced."""
    target, weight = labels.from_teachers(_photo(0.1, 0.05, 0.95))[0]
    assert target.float().mean() < 0.1
    assert weight.float().mean() > 0.2


def test_whom_the_search_gave_up_is_left_open():
    sure = labels.from_teachers(_photo(0.1, 0.1, 0.1))[0, 1].float().mean()
    open_ = labels.from_teachers(_photo(0.9, 0.1, 0.1))[0, 1].float().mean()
    assert open_ < 0.5 * sure


@pytest.mark.parametrize(("says", "search", "expected"), [(0.9, 0.9, 1.0), (0.9, 0.1, 0.5)])
def test_the_student_is_believed_where_a_teacher_backs_it(says, search, expected):
    student = labels.with_student(
        _photo(0.1, search, 0.1), lambda seen: torch.full_like(seen[:, :1], says), 64, parts=1
    )
    target, weight = student[0].float()
    assert target.mean() == pytest.approx(0.9, abs=0.01)
    assert weight.mean() == pytest.approx(expected, abs=0.01)
