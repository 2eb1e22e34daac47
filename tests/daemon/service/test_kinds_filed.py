"""A real daemon files every kind of output, of photos that some kinds can hardly hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import Daemon, write_photo

from daemon.outputs import OUTPUTS

Make = Callable[..., Daemon]


def settings(outputs: list[object], **profile: object) -> dict[str, object]:
    return {"profiles": {"plain": {"preprocess": [], "outputs": outputs, **profile}}}


@pytest.mark.parametrize("size", [(1, 1), (30_001, 40)])
def test_the_smallest_and_the_longest_photo_come_out_whole(
    daemon: Make, size: tuple[int, int]
) -> None:
    one = daemon(**settings([*OUTPUTS], file_as="{stem}_{output}{ext}"))
    one.start()
    write_photo(one.inbox / "a.png", size=size)
    filed = one.await_("photo.filed")
    assert one.mattes() == sorted(filed["names"])
    large = "a_photoshop.psb" if size[0] > 30_000 else "a_photoshop.psd"
    assert large in filed["names"]
    assert len(one.mattes()) == len(OUTPUTS)


def test_a_document_too_large_for_a_psd_never_takes_another_s_name(daemon: Make) -> None:
    one = daemon(**settings(["photoshop"], file_as="{stem}_{output}{ext}"))
    one.results.mkdir()
    (one.results / "a_photoshop.psb").write_text("a stranger's")
    one.start()
    write_photo(one.inbox / "a.png", size=(30_001, 40))
    assert one.await_("photo.filed")["names"] == ["a-2_photoshop.psb"]
    write_photo(one.inbox / "a.jpg", size=(30_001, 40))
    assert one.await_("photo.filed", count=2)["names"] == ["a-3_photoshop.psb"]
    assert (one.results / "a_photoshop.psb").read_text() == "a stranger's"
