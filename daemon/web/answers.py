"""What is answered: JSON, errors of one line, and never a traceback."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, told: str, **headers: str) -> None:
        super().__init__(told)
        self.status = status
        self.told = told
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(document: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer, which nobody keeps."""
    body = json.dumps(document, separators=(",", ":")).encode("ascii")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    told = {"Cache-Control": "no-store", **named}
    return Response(body, status, told, "application/json")


def problem(error: Problem) -> Response:
    """The answer for an error."""
    return answer({"error": error.told}, error.status, **error.headers)


async def document(request: Request) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        Problem: it is none.
    """
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError) as error:  # the second of what is nested too deeply
        raise Problem(400, "the body should be a JSON object") from error
    if not isinstance(found, dict):
        raise Problem(400, "the body should be a JSON object")
    return found


def text_of(given: dict[str, Any], key: str, *, most: int = 200) -> str | None:
    """An optional text of a document.

    Raises:
        Problem: it is something else.
    """
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > most:
        raise Problem(400, f"{key} should be a text of at most {most} characters")
    return value
