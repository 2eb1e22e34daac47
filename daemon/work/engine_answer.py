"""The engine's answer to one photo."""

from __future__ import annotations

from daemon.errors import EngineFailed, EngineStumbled, OutOfMemory, Refused
from daemon.steps.view import View
from daemon.work.finder import loaded
from daemon.work.job import EngineAddress, Job
from daemon.work.preparing import prepare
from matting.engines import Answer
from matting.engines.people import answer_of, described
from matting.errors import (
    EngineFaulted,
    EngineLost,
    EngineOutOfMemory,
    EngineUnavailable,
    RequestRefused,
)
from matting.process.client import connect


def engine_answer(view: View, job: Job) -> tuple[Answer, str, tuple[str, ...]]:
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
