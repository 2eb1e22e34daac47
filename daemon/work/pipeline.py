"""One photo's way from watched file to staged results. Runs in a photo process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.config.profiles import Profile
from daemon.errors import (
    EngineFailed,
    EngineStumbled,
    OutOfMemory,
    Refused,
    ResultsTrouble,
)
from daemon.imaging.colour import SRGB, to_srgb8
from daemon.outputs import OUTPUTS
from daemon.outputs.output import extension_of
from daemon.photo import WHOLE, Cutout, Filed, Matte, Origin, Part, Pixels, Raster, Touchup
from daemon.plan import staged_name
from daemon.shelf.room import demand_for_outputs
from daemon.shelf.staging import entered, seal
from daemon.steps import STEPS, chooses_view
from daemon.steps.view import View
from daemon.work import parts, trimap_file
from daemon.work.finder import finder, loaded
from daemon.work.job import EngineAddress, Job, Outcome, Staged, Unchanged
from daemon.work.judging import at_hand
from daemon.work.provenance import attributed
from daemon.work.refining import Refined, Wanted, refined
from daemon.work.snapshot import copy_in
from daemon.work.touching_up import ENGINE as BY_HAND
from daemon.work.touching_up import read_matte, touch_up
from matting.engines import Answer
from matting.engines.people import answer_of, described
from matting.errors import (
    EngineFaulted,
    EngineLost,
    EngineOutOfMemory,
    EngineUnavailable,
    RequestRefused,
)
from matting.judgement.flag import Flag
from matting.judgement.judge import judge
from matting.picture.foreground import estimate_foreground
from matting.process.client import connect

_NONE = trimap_file.Own()
Value = TypeVar("Value")


class Stages:
    """Seconds per stage, in the order in which the stages ran."""

    def __init__(self) -> None:
        self.took_s: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time one stage."""
        began_s = time.monotonic()
        yield
        took_s = self.took_s.get(name, 0.0) + time.monotonic() - began_s
        self.took_s[name] = round(took_s, 4)

    def each(self, name: str, values: Iterator[Value]) -> Iterator[Value]:
        """Time what makes the values, and not what is done with them."""
        while True:
            with self(name):
                value = next(values, None)
            if value is None:
                return
            yield value


def work(job: Job) -> Outcome:
    """Make all results of one photo in its staging directory.

    Raises:
        daemon.errors.MattedError: and what to do about it is for ``policy`` to say.
    """
    stages = Stages()
    try:
        with stages("read"):
            sha256 = copy_in(job.source, job.snapshot, job.version or job.photo.version)
        if sha256 in job.known:
            return Unchanged(sha256)
        if job.photo.redo is not None and sha256 != job.photo.redo.sha256:
            raise Refused("its original is not what was filed; another file lies in its place")
        files, filed = _all_parts(job, sha256, stages)
    finally:
        parts.remove(job)
    with stages("sync"):
        plan = seal(job.results, files, job.photo.names)
    return Staged(plan, replace(filed, took_s=stages.took_s))


def _all_parts(job: Job, sha256: str, stages: Stages) -> tuple[tuple[bytes, ...], Filed]:
    """Make the results of each photo in the file, one after the other."""
    files, made, which = list[bytes](), list[Filed](), list[Part]()
    for one in stages.each("decode", parts.found(job)):
        own = _NONE
        if one.part == WHOLE:
            with stages("decode"):
                own = trimap_file.read(job.source, job.snapshot, one.raster.size)
        most_bytes = _most_bytes(one.raster, job.profile)
        demand_for_outputs(job.results, most_bytes, spare_bytes=job.min_free_bytes)
        cutout, edge = cut_out(one.raster, job, stages, own)
        cutout = attributed(cutout, job, sha256)
        with stages("encode"):
            files += _write_staged(cutout, job, first=len(files))
        filed = _filed(job, cutout, sha256, stages, edge)
        made.append(replace(filed, flags=one.flags + filed.flags))
        which.append(one.part)
    return tuple(files), parts.together(made, which)


def _most_bytes(raster: Raster, profile: Profile) -> int:
    """About the most that the outputs can take: all their planes, as good as uncompressed."""
    width, height = raster.size
    planes = sum(OUTPUTS[each.name].planes(each.options) for each in profile.outputs)
    return width * height * planes * raster.pixels.itemsize


def cut_out(
    raster: Raster, job: Job, stages: Stages, own: trimap_file.Own = _NONE
) -> tuple[Cutout, Refined]:
    """Matte a decoded photo as its profile says.

    Returns:
        The cut-out, and how its edge was solved, with all warnings: if the engine needed a smaller
        picture, and what engine and refiner say themselves.
    """
    touchup = job.photo.redo and job.photo.redo.touchup
    if touchup:
        return _touched_up(raster, job, stages, touchup)
    # Whoever says where the edge is has looked at the whole photo.
    profile = job.profile if own.trimap is None else job.profile.only_toning
    with stages("prepare"):
        search, unsearched = finder(profile, job.engine.people, how=job.engine.install_people)
        view = prepare(View.of(to_srgb8(raster), profile.matting.long_side, search), profile)
    with stages("matte"):
        answer, device, warnings = _ask(view, job)
    warnings = own.warnings + unsearched + warnings
    warnings += tuple(str(each) for each in answer.facts.get("warnings", ()))
    with stages("refine"):
        seen = max(answer.facts.get("seen") or (0,)) or None
        wanted = Wanted(profile.matting.refiner, str(job.photo.id), job.refiner, seen)
        small = _as_seen(answer)
        edge = refined(small, view.detail, wanted, own.trimap)
        alpha = view.frame(edge.alpha)
    if profile.foreground_from == "preprocessed":
        raster = preprocessed(raster, view.photo, profile)
    with ThreadPoolExecutor(1) as aside:
        judged = aside.submit(_judged, view, answer, small, alpha, job)
        coloured = _coloured(raster, alpha, job, stages)
        with stages("judge"):  # only what has to be waited for
            flags = judged.result()
    matte = Matte(alpha, job.engine.name, device, answer.people, flags)
    edge = replace(edge, warnings=warnings + edge.warnings)
    origin = Origin(model=str(answer.facts["model"]), framework=str(answer.facts["framework"]))
    return Cutout(raster, matte, coloured, origin), edge


def _judged(
    view: View, answer: Answer, small: NDArray[np.uint8], alpha: NDArray[np.uint16], job: Job
) -> tuple[Flag, ...]:
    return judge(at_hand(view, answer, small, alpha, job.engine.people), job.engine.name)


def _touched_up(
    raster: Raster, job: Job, stages: Stages, touchup: Touchup
) -> tuple[Cutout, Refined]:
    """What was filed before, with the matte mended where somebody drew; nothing is judged."""
    photo = to_srgb8(raster)
    with stages("refine"):
        before = read_matte(touchup.results, job.snapshot, raster.size)
        wanted = Wanted(job.profile.matting.refiner, str(job.photo.id), job.refiner)
        edge = touch_up(before, photo, touchup.strokes, wanted)
    if job.profile.foreground_from == "preprocessed":
        raster = preprocessed(raster, photo, job.profile.only_toning)
    matte = Matte(edge.alpha, BY_HAND, "cpu", None)
    return Cutout(raster, matte, _coloured(raster, edge.alpha, job, stages)), edge


def _coloured(raster: Raster, alpha: NDArray[np.uint16], job: Job, stages: Stages) -> Pixels | None:
    """The foreground's colours, if an output needs them."""
    if not _needs_colours(job):
        return None
    with stages("foreground"):
        return estimate_foreground(raster.pixels, alpha, threads=cv2.getNumThreads())


def _needs_colours(job: Job) -> bool:
    return any(OUTPUTS[each.name].needs_foreground(each.options) for each in job.profile.outputs)


def _as_seen(answer: Answer) -> NDArray[np.uint8]:
    """The matte as small as the network decided it: what enlarging it made up is in the way."""
    height, width = answer.alpha.shape
    seen_height, seen_width = answer.facts.get("seen") or (height, width)
    rows, columns = min(height, seen_height), min(width, seen_width)
    return np.asarray(cv2.resize(answer.alpha, (columns, rows), interpolation=cv2.INTER_AREA))


def prepare(view: View, profile: Profile) -> View:
    """Apply the profile's steps, in order.

    Those that choose what is looked at are shown it as the others leave it: if it is to be the
    whole, then what they have searched is what the engine would search.
    """
    toned = chosen = _toned(view, profile)
    for step in profile.preprocess:
        if chooses_view(step.name):
            chosen = STEPS[step.name].apply(chosen, step.options)
    return chosen if chosen.pixels is toned.pixels else _toned(chosen, profile)


def _toned(view: View, profile: Profile) -> View:
    for step in profile.only_toning.preprocess:
        view = STEPS[step.name].apply(view, step.options)
    return view


def preprocessed(raster: Raster, photo: NDArray[np.uint8], profile: Profile) -> Raster:
    """The photo at its own size as the steps leave it: 8 bit, sRGB."""
    view = View.of(photo, max(raster.size))
    view = prepare(view, profile.only_toning)
    return replace(raster, pixels=view.pixels, icc=SRGB)


def _write_staged(cutout: Cutout, job: Job, *, first: int = 0) -> tuple[bytes, ...]:
    """Write every output into the job's staging directory, wherever its path leads by now."""
    with entered(job.results, job.staging) as stage:
        try:
            files = write_outputs(cutout, job.profile, os.fsencode(stage), first=first)
        except ResultsTrouble as error:
            reason = error.reason.replace(str(stage), os.fsdecode(job.staging))
            raise ResultsTrouble(reason, error.errno) from error
    return tuple(os.path.join(job.staging, os.path.basename(path)) for path in files)


def write_outputs(
    cutout: Cutout, profile: Profile, staging: bytes, *, first: int = 0
) -> tuple[bytes, ...]:
    """Write every output of the profile into the staging directory, numbered from ``first``."""
    files = []
    for number, output in enumerate(profile.outputs, first):
        module = OUTPUTS[output.name]
        # Staged under a plain name: the name the user gets is the shelf's affair.
        usual = module.extension(output.options)
        actual = extension_of(module, cutout, output.options)
        path = Path(os.fsdecode(staging)) / staged_name(number, usual, actual)
        module.write(cutout, output.options, path)
        files.append(os.fsencode(path))
    return tuple(files)


def _ask(view: View, job: Job) -> tuple[Answer, str, tuple[str, ...]]:
    """The engine's answer, the device it ran on, and a warning if the picture had to be smaller.

    The engine that finds people need not be asked who is in a picture that a step has searched:
    it would search it once more.
    """
    if (found := view.found) and job.engine.finds and job.engine.people:
        ran = described(job.engine.finds, loaded(job.engine.people))
        answer = answer_of(found, view.pixels.shape[:2])
        return answer._replace(facts=answer.facts | ran), str(ran["device"]), ()
    try:
        return *_matte(view, job), ()
    except EngineOutOfMemory as error:
        smaller = View.of(view.detail, max(64, max(view.pixels.shape[:2]) // 2))
        reason = f"the engine ran out of memory and matted at {smaller.long_side} pixels: {error}"
        try:
            return *_matte(prepare(smaller, job.profile.only_toning), job), (reason,)
        except EngineOutOfMemory as again:
            raise OutOfMemory(str(again)) from again


def _matte(view: View, job: Job) -> tuple[Answer, str]:
    address: EngineAddress = job.engine
    try:
        with connect(address.socket, wait_s=address.connect_s) as engine:
            answer = engine.matte(
                view.pixels,
                photo=str(job.photo.id),
                timeout_s=address.timeout_s,
                queue_timeout_s=address.queue_s,
            )
            ran = {key: engine.hello.get(key, "") for key in ("model", "framework")}
            return answer._replace(facts=answer.facts | ran), str(engine.hello["device"])
    except EngineUnavailable as error:
        raise EngineFailed(str(error), 0) from error
    except EngineLost as error:
        raise EngineFailed(error.reason, error.pid) from error
    except EngineFaulted as error:
        raise EngineStumbled(str(error)) from error
    except RequestRefused as error:
        raise Refused(f"the engine cannot matte it: {error}") from error


def _filed(job: Job, cutout: Cutout, sha256: str, stages: Stages, edge: Refined) -> Filed:
    return Filed(
        names=job.photo.names,
        size=cutout.raster.size,
        engine=cutout.matte.engine,
        device=cutout.matte.device,
        people=cutout.matte.people,
        sha256=sha256,
        took_s=stages.took_s,
        refiner=edge.refiner,
        tiles=edge.tiles,
        warnings=cutout.raster.warnings + edge.warnings,
        covered=_covered(cutout.matte.alpha),
        flags=cutout.matte.flags,
        holds_photo=job.profile.holds_photo and not cutout.raster.remade,
    )


def _covered(alpha: NDArray[np.uint16]) -> float:
    """Rounded to six places, but never to nothing."""
    share = np.count_nonzero(alpha >= 32768) / alpha.size
    return max(round(share, 6), 1e-6) if share else 0.0
