"""What makes a request a request and an answer an answer; checked on the engine's side.

Runs on Python 3.7 too.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np

from matting.engines import Answer

MAX_ID = 512
"""Characters; six bytes each at worst keep a status line below PIPE_BUF, thus atomic."""
MAX_TIMEOUT_S = 24 * 3600


def request_fault(
    header: Dict[str, Any], pixels: Optional[np.ndarray], planes: int = 3
) -> Optional[str]:
    """What is wrong with a client's request; None if nothing is.

    Args:
        header: as it came.
        pixels: the picture.
        planes: how many the engine takes.
    """
    op: Any = header.get("op")
    photo: Any = header.get("id")
    timeout_s: Any = header.get("timeout_s")
    if op != "matte":
        return f"there is no op {op!r:.40}"
    if not isinstance(photo, str) or not 0 < len(photo) <= MAX_ID:
        return f"the id is not a string of 1 to {MAX_ID} characters"
    if type(timeout_s) not in (int, float) or not 0 < timeout_s <= MAX_TIMEOUT_S:
        return f"timeout_s is not between 0 and {MAX_TIMEOUT_S}"
    if pixels is None or pixels.dtype != np.uint8 or pixels.shape[2:] != (planes,):
        return f"the picture is not uint8 (height, width, {planes})"
    return None


def answer_fault(answer: Any, size: Tuple[int, ...]) -> Optional[str]:
    """What is wrong with an engine's answer to a picture of (height, width); None if nothing is.

    The wrong answer is not made to fit: a matte that is stretched or cast in silence is a worse
    result than none.
    """
    if not isinstance(answer, Answer):
        return f"it answered a {type(answer).__name__}"
    alpha: Any = answer.alpha
    if not isinstance(alpha, np.ndarray):
        return f"its alpha is a {type(alpha).__name__}"
    if alpha.dtype != np.uint8 or alpha.shape != size:
        return f"its alpha is {alpha.dtype} {alpha.shape} instead of uint8 {size}"
    people: Any = answer.people
    if not (people is None or (type(people) is int and people >= 0)):
        return f"its number of people is {people!r:.40}"
    facts: Any = answer.facts
    if not isinstance(facts, dict):
        return f"its facts are a {type(facts).__name__}"
    return _doubts_fault(facts.get("doubts", {})) or _faces_fault(facts.get("faces", []))


def _doubts_fault(doubts: Any) -> Optional[str]:
    """What is wrong with ``facts["doubts"]``; see matting.engines.Answer."""
    if not isinstance(doubts, dict):
        return f"its doubts are a {type(doubts).__name__}"
    for name, told in doubts.items():
        if not _are_numbers(told) or len(told) not in (1, 5):
            return f"its doubt {name!r:.40} is {told!r:.60}, and no value with a place"
        if not np.isfinite(told).all():
            return f"its doubt {name!r:.40} is not finite"
    return None


def _faces_fault(faces: Any) -> Optional[str]:
    """What is wrong with ``facts["faces"]``; see matting.engines.Answer."""
    if not isinstance(faces, list):
        return f"its faces are a {type(faces).__name__}"
    for told in faces:
        if not _are_numbers(told) or len(told) != 5 or not np.isfinite(told).all():
            return f"its face {told!r:.60} is no score with a place"
    return None


def _are_numbers(told: Any) -> bool:
    return isinstance(told, list) and all(type(each) in (int, float) for each in told)
