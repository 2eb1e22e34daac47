"""An original is deleted only if what was filed can stand in for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from harness import Daemon, write_photo
from PIL import Image
from typer.testing import CliRunner

from daemon.cli import app
from daemon.config.profiles import Profile
from daemon.filed import Filed
from daemon.filing.originals import beforehand, irreplaceable
from daemon.service.status import Condition

Make = Callable[..., Daemon]
GOOD = Filed((b"a.png",), (9, 9), "bshm", "cpu", 1, "ab", covered=0.3, holds_photo=True)
THERE = (Path("/results/a.png"),)


def profile(*outputs: str, **more: Any) -> Profile:
    return Profile.model_validate({"outputs": outputs, **more})


@pytest.mark.parametrize(
    ("outputs", "more", "holds"),
    [
        (("foreground",), {}, True),
        (("matte", "foreground", "composition"), {}, True),
        (("matte",), {}, False),
        (("composition",), {}, False),
        (("matte", "composition"), {}, False),
        (("foreground",), {"foreground_from": "preprocessed"}, False),
    ],
)
def test_only_a_cut_out_of_the_photo_s_own_pixels_holds_it(
    outputs: tuple[str, ...], more: dict[str, str], *, holds: bool
) -> None:
    one = profile(*outputs, **more)
    assert one.holds_photo is holds
    told = beforehand("delete", one)
    assert told is not None
    assert ("will delete nothing" in told) is not holds
    assert beforehand("archive", one) is beforehand("keep", one) is None


def test_what_was_filed_well_may_go() -> None:
    assert irreplaceable(GOOD, THERE, ()) is None
    assert irreplaceable(replace(GOOD, people=None), THERE, ()) is None


@pytest.mark.parametrize(
    ("filed", "reason"),
    [
        (None, "nothing tells how"),
        (replace(GOOD, holds_photo=False), "no result holds the photo's pixels"),
        (replace(GOOD, people=0), "nobody was found"),
        (replace(GOOD, covered=0.0001), "as good as empty"),
        (replace(GOOD, covered=None), "as good as empty"),
        (replace(GOOD, warnings=("page 1 of 3 read",)), "page 1 of 3 read"),
    ],
)
def test_every_doubt_keeps_the_original(filed: Filed | None, reason: str) -> None:
    told = irreplaceable(filed, THERE, ())
    assert told is not None
    assert reason in told


def test_results_that_are_not_there_any_more_stand_in_for_nothing() -> None:
    assert "a.png is not there" in (irreplaceable(GOOD, THERE, THERE) or "")


# The daemon itself


def deleting(daemon: Make, outputs: list[str]) -> Daemon:
    profiles = {"plain": {"preprocess": [], "outputs": outputs}}
    one = daemon(folder={"originals": "delete"}, profiles=profiles)
    one.start()
    return one


def test_an_original_goes_once_its_cut_out_is_filed(daemon: Make) -> None:
    one = deleting(daemon, ["foreground", "matte"])
    write_photo(one.inbox / "a.png")
    assert one.await_("source.disposed")["original"] == "deleted"
    assert not (one.inbox / "a.png").exists()


def test_a_matte_or_a_composition_costs_no_original(daemon: Make) -> None:
    one = deleting(daemon, ["matte", "composition"])
    write_photo(one.inbox / "a.png")
    assert one.await_("source.kept")["reason"] == "no result holds the photo's pixels"
    assert (one.inbox / "a.png").exists()
    assert one.stop() == 0
    one.start()
    assert len(one.said("source.kept")) == 1, "decided once, and not at every start"
    assert (one.inbox / "a.png").exists()


def test_pages_that_were_not_read_are_not_deleted(daemon: Make) -> None:
    one = deleting(daemon, ["foreground"])
    pages = [Image.fromarray(np.full((48, 64, 3), 200, np.uint8)) for _ in range(3)]
    pages[0].save(one.root / "three.tif", save_all=True, append_images=pages[1:])
    (one.root / "three.tif").rename(one.inbox / "three.tif")
    assert "page 1 of 3 read" in one.await_("source.kept")["reason"]
    assert (one.inbox / "three.tif").exists()


def test_a_photo_in_which_nobody_is_found_is_not_deleted(daemon: Make) -> None:
    one = deleting(daemon, ["foreground"])
    write_photo(one.inbox / "landscape.png", red=0)  # the stub's alpha
    assert "empty" in one.await_("source.kept")["reason"]
    assert (one.inbox / "landscape.png").exists()


def test_a_photo_that_is_put_in_again_because_its_results_were_thrown_away_is_not_deleted(
    daemon: Make,
) -> None:
    one = deleting(daemon, ["foreground"])
    content = write_photo(one.inbox / "a.png").read_bytes()
    one.await_("source.disposed")
    (one.inbox / "a.png").write_bytes(content)
    one.await_("source.disposed", count=2)
    assert one.said("photo.unchanged")
    assert not (one.inbox / "a.png").exists()
    for name in one.mattes():
        (one.results / name).unlink()
    (one.inbox / "a.png").write_bytes(content)
    assert "is not there any more" in one.await_("source.kept")["reason"]
    assert (one.inbox / "a.png").read_bytes() == content


def test_an_archive_takes_originals_as_ever(daemon: Make) -> None:
    one = daemon(folder={"originals": "archive", "archive": "archive"})
    one.start()
    write_photo(one.inbox / "a.png", red=0)
    assert one.await_("source.disposed")["original"] == "archived"


def test_status_lists_the_originals_that_were_not_deleted(daemon: Make) -> None:
    one = deleting(daemon, ["matte"])
    write_photo(one.inbox / "a.png")
    one.await_("source.kept")
    told = CliRunner().invoke(app(), ["status", "--config", str(one.config)])
    assert told.exit_code in {Condition.WELL, Condition.FLAGGED}
    assert "not deleted: no result holds" in " ".join(told.stdout.split())


def test_check_says_beforehand_what_delete_will_do(tmp_path: Path) -> None:
    folder = {"watch": "in", "results": "out", "originals": "delete", "profile": "mine"}
    settings = {"state_dir": "state", "folders": [folder]}
    for outputs, told in ((["matte"], "will delete nothing"), (["foreground"], "it stays where")):
        profiles = {"profiles": {"mine": {"outputs": outputs}}}
        (tmp_path / "matted.yaml").write_text(yaml.safe_dump(settings | profiles))
        said = CliRunner().invoke(app(), ["check", str(tmp_path / "matted.yaml")])
        assert said.exit_code == 0
        assert told in said.stdout


def test_a_cut_out_has_the_photo_s_own_pixels_where_it_is_opaque(daemon: Make) -> None:
    """And far from its edge where it is clear: what the policy rests on."""
    one = deleting(daemon, ["foreground"])
    pixels = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
    pixels[:, :, 2] = np.where(np.arange(160) < 80, 255, 0)
    (one.root / "a.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (one.root / "a.png").rename(one.inbox / "a.png")
    one.await_("photo.filed")
    (name,) = one.mattes()
    cut = cv2.imread(str(one.results / name), cv2.IMREAD_UNCHANGED)
    opaque = cut[:, :, 3] == 255
    assert opaque.mean() > 0.4
    assert np.array_equal(cut[:, :, :3][opaque], pixels[opaque])
