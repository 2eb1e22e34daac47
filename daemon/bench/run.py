"""Engines one after the other, each over the same photos one after the other.

Photos go through the daemon's own pipeline: private copy, decoding, the profile's steps, the engine
in its own process, refinement at the photo's size, and the matte on disk, in a photo process. Of
the profile's outputs only the matte is made, and it is not published; nothing is tried again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from daemon.bench.asking import OneEngine, one_worker
from daemon.bench.contenders import Contender
from daemon.bench.findings import Column, Cost, Look, PhotoRun
from daemon.bench.subjects import Subject
from daemon.bench.work import Measured
from daemon.bench.yardstick import Yardstick, prepare
from daemon.config import settings
from daemon.config.profiles import Output, Profile
from daemon.engine import hosting
from daemon.errors import MattedError, NoEngine
from daemon.filed import Filed
from daemon.log.events import Log
from daemon.photo import Photo
from daemon.shelf import staging
from daemon.work.job import Job
from matting.process.host import EngineHost

Running = Callable[[settings.Settings, Log], AbstractContextManager[EngineHost]]


class Bench:
    """Photos, and how they are worked on."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        wanted: settings.Settings,
        profile: Profile,
        scratch: Path,
        log: Log,
        running: Running = hosting.running,
    ) -> None:
        """Nothing is measured yet.

        Args:
            subjects: the photos, in this order.
            wanted: limits are used, and the patience with engines.
            profile: its steps and working size are used.
            scratch: an empty directory.
            log: for what happens on the way.
            running: starts an engine.
        """
        self._subjects = subjects
        self._wanted = wanted
        self._profile = _matte_only(profile)
        self._scratch = scratch
        self._log = log
        self._running = running
        self._yardsticks: dict[int, Yardstick] = {}

    @property
    def looks(self) -> tuple[Look, ...]:
        """Of every photo; bare for those that no engine got a matte of."""
        known = self._yardsticks
        return tuple(
            known[each.number].look if each.number in known else Look(each.shown)
            for each in self._subjects
        )

    def run(self, contender: Contender, on_trial: Callable[[PhotoRun], None]) -> Column:
        """One engine over all photos; one that cannot run is a column that says why.

        To be interrupted by an exception: it ends the photo process and the engine.
        """
        column = Column(contender.name)
        began_s = time.monotonic()
        try:
            with (
                self._running(contender.wanted, self._log) as host,
                one_worker(self._wanted) as hand,
            ):
                column = _with_engine(column, host, time.monotonic() - began_s)
                over = OneEngine(host, hand, self._wanted)
                # Twice, so that the first photo has a warm time too, and the mattes are its own.
                first = self._trial(over, self._subjects[0])
                on_trial(first)
                trials = tuple(self._told(over, each, on_trial) for each in self._subjects)
        except NoEngine as error:
            return replace(column, unavailable=str(error))
        return replace(column, cold=first.cost, trials=trials)

    def _told(
        self, over: OneEngine, subject: Subject, on_trial: Callable[[PhotoRun], None]
    ) -> PhotoRun:
        trial = self._trial(over, subject)
        on_trial(trial)
        return trial

    def _trial(self, over: OneEngine, subject: Subject) -> PhotoRun:
        """One photo; whatever goes wrong with it is told and ends nothing else."""
        try:
            # Not afterwards: after Ctrl-C the photo process still writes there for a moment.
            staging.sweep(self._scratch, keep=())
            job = self._job(over, subject)
            done = over.work(job)
            return self._measured(over, subject, done, Path(os.fsdecode(job.staging)) / "0.png")
        except MattedError as error:
            return PhotoRun(subject.shown, error=str(error), engine_peak_mib=over.peak_mib)

    def _job(self, over: OneEngine, subject: Subject) -> Job:
        sighting = subject.sighting
        photo = Photo(
            subject.number, sighting.folder, sighting.path, sighting.version,
            attempts=1, first_seen_s=time.time(), names=(b"matte.png",),
        )  # fmt: skip
        staging.establish(self._scratch, lambda _: None)
        return Job(
            photo=photo,
            source=subject.source,
            results=self._scratch,
            staging=staging.stage(self._scratch, photo),
            snapshot=os.fsencode(self._scratch / "snapshot"),
            profile=self._profile,
            engine=over.address,
            max_pixels=self._max_pixels,
        )

    def _measured(self, over: OneEngine, subject: Subject, done: Measured, file: Path) -> PhotoRun:
        matte = np.asarray(cv2.imread(str(file), cv2.IMREAD_UNCHANGED), np.uint16)
        if subject.number not in self._yardsticks:
            self._yardsticks[subject.number] = prepare(subject, self._scratch, self._max_pixels)
        yardstick = self._yardsticks[subject.number]
        return PhotoRun(
            photo=subject.shown,
            people=done.filed.people,
            empty=bool(matte.max() < 32768),
            cost=_cost(done.filed),
            engine_peak_mib=over.peak_mib,
            photo_peak_mib=done.peak_mib,
            warnings=done.filed.warnings,
            score=yardstick.score(matte),
            cell=yardstick.cell(matte),
        )

    @property
    def _max_pixels(self) -> int:
        return int(self._wanted.limits.max_megapixels * 1e6)


def _with_engine(column: Column, host: EngineHost, start_s: float) -> Column:
    hello = host.hello
    return replace(
        column,
        engine=str(hello["engine"]),
        model=str(hello["model"]),
        framework=str(hello["framework"]),
        device=str(hello["device"]),
        start_s=round(start_s, 3),
    )


def _cost(filed: Filed) -> Cost:
    stages = filed.took_s
    return Cost(round(sum(stages.values()), 4), stages["matte"], stages)


def _matte_only(profile: Profile) -> Profile:
    matte = Output.model_validate({"matte": {"bits": 16}})
    return profile.model_copy(update={"outputs": (matte,), "foreground_from": "original"})
