"""From a decoded photo to its cut-out: prepared, matted, its edge solved, judged, colours freed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.imaging.colour import to_srgb8
from daemon.outputs import OUTPUTS
from daemon.photo import Touchup
from daemon.raster import Cutout, Matte, Origin, Pixels, Raster
from daemon.steps.view import View
from daemon.work import trimap_file
from daemon.work.engine_answer import engine_answer
from daemon.work.face_search import faces_in
from daemon.work.finder import finder
from daemon.work.job import Job
from daemon.work.judging import at_hand
from daemon.work.preparing import prepare, preprocessed
from daemon.work.refining import Refined, Wanted, refined
from daemon.work.stages import Stages
from daemon.work.touching_up import ENGINE as BY_HAND
from daemon.work.touching_up import read_matte, touch_up
from matting.engines import Answer
from matting.judgement.flag import Flag
from matting.judgement.judge import judge
from matting.picture.foreground import estimate_foreground

NO_TRIMAP = trimap_file.Own()
"""Nobody has drawn one for the photo."""


def cut_out(
    raster: Raster, job: Job, stages: Stages, own: trimap_file.Own = NO_TRIMAP
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
        answer, device, warnings = engine_answer(view, job)
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
            flags, unseen = judged.result()
    matte = Matte(alpha, job.engine.name, device, answer.people, flags)
    edge = replace(edge, warnings=warnings + edge.warnings + unseen)
    origin = Origin(model=str(answer.facts["model"]), framework=str(answer.facts["framework"]))
    return Cutout(raster, matte, coloured, origin), edge


def _judged(
    view: View, answer: Answer, small: NDArray[np.uint8], alpha: NDArray[np.uint16], job: Job
) -> tuple[tuple[Flag, ...], tuple[str, ...]]:
    """The reasons to look at a matte, and a warning where something could not be looked for."""
    faces, unseen = faces_in(view, answer)
    evidence = at_hand(view, answer, small, alpha, job.engine.people, faces)
    return judge(evidence, job.engine.name), unseen


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
