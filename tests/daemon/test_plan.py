"""What is planned has the names that were reserved, but for files of another kind than usual."""

from __future__ import annotations

import pytest

from daemon.plan import Move, Plan, fitting, staged_name


@pytest.mark.parametrize(
    ("name", "actual", "fits"),
    [
        (b"a/IMG_1_photoshop.psd", ".psd", b"a/IMG_1_photoshop.psd"),
        (b"a/IMG_1_photoshop.psd", ".psb", b"a/IMG_1_photoshop.psb"),
        (b"a/IMG_1_photoshop.psb", ".psb", b"a/IMG_1_photoshop.psb"),
        (b"a/IMG_1.psd_last", ".psb", b"a/IMG_1.psd_last"),
    ],
)
def test_a_file_of_another_kind_than_usual_gets_its_own_extension(
    name: bytes, actual: str, fits: bytes
) -> None:
    staged = b".matted-staging/1-1/" + staged_name(12, ".psd", actual).encode()
    assert fitting(name, staged) == fits


def test_it_keeps_it_under_other_names() -> None:
    plan = Plan(
        b"/results", (Move(b"s/0.psd.psb", b"a.psb", 1, ""), Move(b"s/1.png", b"a.png", 1, ""))
    )
    renamed = plan.renamed([b"a-2.psd", b"a-2.png"])
    assert [move.final for move in renamed.moves] == [b"a-2.psb", b"a-2.png"]
