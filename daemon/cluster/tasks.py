"""What the scheduler has a worker do: one function, by name, so that no code ever travels."""

from __future__ import annotations

import json

from distributed import get_worker


def call(do: str, args: str, body: bytes) -> bytes:
    """Have this worker do something; runs in a thread of it.

    Args:
        do: what, by a name of ``daemon.workstation.desk``.
        args: a JSON object.
        body: whatever goes with it.

    Returns:
        A frame.
    """
    answer: bytes = get_worker().desk.call(do, json.loads(args), body)
    return answer
