"""What a photo process is told to do, by name: what it does it with is loaded there alone.

The daemon's process hands jobs over and works on no picture. Importing the pipeline to name it, it
loaded every picture library as well: half the time that it took to start, and 40 MB.
"""

from __future__ import annotations

import traceback

from daemon.work.job import Job, Outcome


def load() -> None:
    """Load what works on photos, before the first one is there."""
    import daemon.work.pipeline  # noqa: F401, PLC0415 - see above
    from matting import kernels  # noqa: PLC0415

    kernels.preload()


def work(job: Job) -> Outcome:
    """See ``daemon.work.pipeline.work``."""
    from daemon.work import pipeline  # noqa: PLC0415 - see above

    try:
        return pipeline.work(job)
    except BaseException as error:
        _forget(error)
        raise


def _forget(error: BaseException | None) -> None:
    """Let go of the photo: the pool keeps an error until the next photo has ended.

    Two large photos would otherwise have to fit, and the second one fail for the first.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
