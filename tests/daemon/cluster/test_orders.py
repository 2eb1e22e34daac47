"""Orders: files are known again by what they are, and a job is the same wherever they lie."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.cluster import orders
from daemon.cluster.orders import Ends, Order
from daemon.config.profiles import Output, Profile
from daemon.photo import Photo, Redo, Touchup, Version
from daemon.shelf import staging
from daemon.work.beside import trimap_beside
from daemon.work.job import EngineAddress, Job
from daemon.workstation.luggage import Spool, View, at_hand, seen

ATTEMPT = "1-1-77-0123456789ab"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """One that needs all that a job can need."""
    studio = tmp_path / "studio"
    (studio / "inbox").mkdir(parents=True)
    (studio / "results").mkdir()
    for name in ("inbox/a.png", "inbox/a.trimap.png", "results/a_matte.png", "wall.jpg"):
        (studio / name).write_bytes(name.encode() * 5000)
    source = studio / "inbox" / "a.png"
    touchup = Touchup((str(studio / "results" / "a_matte.png"), "/gone.png"), ())
    redo = Redo(os.fsencode(source), "0" * 64, touchup=touchup)
    photo = Photo(1, "in", b"a.png", Version.of(source.lstat()), 1, 0.0, tries=1, redo=redo)
    wall = Output.model_validate({"composition": {"background": str(studio / "wall.jpg")}})
    results = studio / "results"
    staging.establish(results, lambda _: None)
    return Job(
        photo=photo,
        source=os.fsencode(source),
        results=results,
        staging=staging.stage(results, photo, unguessable=True),
        snapshot=b"copy",
        profile=Profile(outputs=(wall,)),
        engine=EngineAddress("", Path(), 0, 0, 0),
        max_pixels=10,
    )


def test_all_that_a_job_reads_goes_with_it(job: Job) -> None:
    names = [os.path.basename(one.path) for one in orders.order(job).luggage]
    assert names == [b"a.png", b"a.trimap.png", b"a_matte.png", b"wall.jpg"]


def test_an_order_is_the_same_on_the_other_side(job: Job) -> None:
    order = orders.order(job)
    assert Order.loaded(order.dumped()) == order
    with pytest.raises(TypeError):
        Order.loaded(b"\x80\x04K\x01.")


def test_where_all_is_seen_nothing_travels(job: Job, tmp_path: Path) -> None:
    (tmp_path / "mnt").symlink_to(tmp_path / "studio")
    there, here = os.fsencode(tmp_path / "studio"), os.fsencode(tmp_path / "mnt")

    def mapped(path: bytes) -> bytes:
        return path.replace(there, here)

    order = orders.order(job)
    view = seen(order, mapped)
    assert view == View(files=True, results=True)
    local = at_hand(order, view, mapped, Spool(tmp_path / "spool"), ATTEMPT)
    assert local.source == here + b"/inbox/a.png"
    assert local.staging.startswith(here + b"/results/.matted-staging/")


@pytest.mark.parametrize("what", ["content", "size", "date", "link", "absent"])
def test_another_file_at_the_same_place_is_not_taken_for_it(job: Job, what: str) -> None:
    ends, path = Ends.of(job.source), Path(os.fsdecode(job.source))
    assert ends.is_of(job.source)
    found, content = path.stat(), path.read_bytes()
    if what == "content":
        path.write_bytes(b"X" + content[1:])
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    elif what == "size":
        path.write_bytes(content + b"X")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    elif what == "date":
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 10**10))
    else:
        path.rename(path.with_suffix(".other"))
        if what == "link":
            path.symlink_to(path.with_suffix(".other"))
    assert not ends.is_of(job.source)


def test_what_was_sent_is_worked_on_here_and_found_again(job: Job, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    order = orders.order(job)
    for number, one in enumerate(order.luggage):
        content = Path(os.fsdecode(one.path)).read_bytes()
        spool.take(ATTEMPT, number, 0, content[:1000])
        spool.take(ATTEMPT, number, 1000, content[1000:])
    local = at_hand(order, View(files=False, results=False), bytes, spool, ATTEMPT)
    assert (
        Path(os.fsdecode(local.source)).read_bytes() == Path(os.fsdecode(job.source)).read_bytes()
    )
    assert os.path.exists(trimap_beside(local.source)), "the trimap lies beside it"
    assert local.photo.redo is not None
    assert local.photo.redo.touchup is not None
    (matte,) = local.photo.redo.touchup.results
    assert Path(matte).read_bytes() == b"results/a_matte.png" * 5000
    assert Path(local.profile.outputs[0].options.background).read_bytes().startswith(b"wall")
    assert local.version is not None
    assert local.version.matches(Version.of(os.lstat(local.source)))
    Path(os.fsdecode(local.staging), "0.png").write_bytes(b"a result")
    assert spool.fetch(ATTEMPT, b"0.png", 2, 6) == b"result"
    spool.drop(ATTEMPT)
    assert not os.path.exists(local.source)


@pytest.mark.parametrize("name", ["", "..", "a/b", "x"])
def test_no_attempt_leads_out_of_the_spool(tmp_path: Path, name: str) -> None:
    spool = Spool(tmp_path / "spool")
    with pytest.raises(ValueError, match="no attempt"):
        spool.take(name, 0, 0, b"")
    with pytest.raises(ValueError, match="no result"):
        spool.fetch(ATTEMPT, os.fsencode(name), 0, 1) if name != "x" else spool.fetch(
            ATTEMPT, b"..", 0, 1
        )


def test_no_two_attempts_share_a_staging_directory(job: Job) -> None:
    """An attempt that is given back keeps its number; on a share a zombie would find the next."""
    again = staging.stage(job.results, replace(job.photo), unguessable=True)
    assert again != job.staging
    staging.discard_attempt(job.results, again)
    assert not os.path.exists(again)
    assert os.path.exists(job.staging)
