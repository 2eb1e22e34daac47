"""ComfyUI over HTTP: upload, queue a workflow, look into the history, fetch the picture."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from daemon.config.stations import ComfyUi
from daemon.stations.task import StationAway, StationFailed, Stopped, Task
from matting.web import shown

_LARGEST_BYTES = 1 << 30
_LARGEST_REPLY_BYTES = 1 << 24
_REPLY_S = 30.0
_PASSING = {408, 425, 429}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A station answers itself; where else photos would go is not for it to say."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def ask(task: Task, options: ComfyUi, stopped: Callable[[], bool]) -> Path:
    """Have the workflow run with the picture, and fetch its first output."""
    workflow = _workflow(options.workflow)
    until_s = time.monotonic() + options.timeout_s
    named: dict[str, Any] = {"{seed}": int.from_bytes(task.token.encode()[-6:], "big")}
    named["{picture}"] = _upload(options, task.picture.name, task.picture.read_bytes())
    if _wants(workflow, "{mask}"):
        if task.mask is None:
            raise StationFailed("its workflow wants a mask, and the profile files no matte")
        named["{mask}"] = _upload(options, task.mask.name, task.mask.read_bytes())
    prompt = {"prompt": _filled(workflow, named), "client_id": str(uuid.uuid4())}
    queued = _json(options, "/prompt", json.dumps(prompt).encode(), "application/json")
    queued_id = str(queued.get("prompt_id") or "")
    if not queued_id:
        raise StationFailed(f"it queued nothing: {_short(queued)}")
    picture = _wait(options, queued_id, until_s, stopped)
    query = urllib.parse.urlencode(
        {k: picture.get(k, "") for k in ("filename", "subfolder", "type")}
    )
    answer = task.folder / "answer"
    answer.write_bytes(_get(options, f"/view?{query}", _LARGEST_BYTES))
    return answer


def done(task: Task, options: ComfyUi) -> None:
    """It keeps its own history, and offers no way to remove an upload."""


def _workflow(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise StationAway(f"workflow {path}: {error.strerror}") from error
    except ValueError as error:
        raise StationFailed(f"workflow {path} is no JSON: {error}") from error


def _wants(workflow: Any, placeholder: str) -> bool:
    return placeholder in json.dumps(workflow)


def _filled(node: Any, named: Mapping[str, Any]) -> Any:
    """The workflow with each placeholder, which is a whole value, exchanged."""
    if isinstance(node, dict):
        return {key: _filled(value, named) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, named) for value in node]
    return named.get(node, node) if isinstance(node, str) else node


def _upload(options: ComfyUi, name: str, content: bytes) -> str:
    """Upload a picture; the name by which it is known there, which may be another."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    tail = "".join(
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}'
        for key, value in (("type", "input"), ("overwrite", "true"))
    )
    body = head.encode() + content + f"{tail}\r\n--{boundary}--\r\n".encode()
    told = _json(options, "/upload/image", body, f"multipart/form-data; boundary={boundary}")
    if not isinstance(told.get("name"), str):
        raise StationFailed(f"it does not say what it calls the upload: {_short(told)}")
    return "/".join(filter(None, (str(told.get("subfolder") or ""), told["name"])))


def _wait(
    options: ComfyUi, queued_id: str, until_s: float, stopped: Callable[[], bool]
) -> Mapping[str, Any]:
    while time.monotonic() < until_s:
        if stopped():
            raise Stopped
        history = _json(options, f"/history/{urllib.parse.quote(queued_id)}")
        entry = history.get(queued_id)
        if isinstance(entry, dict):
            status = entry.get("status")
            if isinstance(status, dict) and status.get("status_str") == "error":
                raise StationFailed(f"its workflow failed: {_short(status.get('messages'))}")
            if pictures := _pictures(entry):
                return pictures[0]
            raise StationFailed("its workflow ended without a picture")
        time.sleep(options.poll_s)
    raise StationFailed(f"it was not done within {options.timeout_s:g} s")


def _pictures(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Pictures that were saved; previews are of type temp."""
    outputs = entry.get("outputs")
    nodes = outputs.values() if isinstance(outputs, dict) else ()
    found = [
        picture
        for node in nodes
        if isinstance(node, dict)
        for picture in node.get("images") or ()
        if isinstance(picture, dict) and isinstance(picture.get("filename"), str)
    ]
    return [each for each in found if each.get("type") == "output"]


def _json(
    options: ComfyUi, path: str, body: bytes | None = None, kind: str = ""
) -> Mapping[str, Any]:
    reply = _get(options, path, _LARGEST_REPLY_BYTES, body, kind)
    try:
        found = json.loads(reply)
    except (ValueError, RecursionError) as error:
        raise StationFailed(f"{path} answered with no JSON: {_short(reply[:80])}") from error
    if not isinstance(found, dict):
        raise StationFailed(f"{path} answered with no object: {_short(found)}")
    return found


def _get(
    options: ComfyUi, path: str, most_bytes: int, body: bytes | None = None, kind: str = ""
) -> bytes:
    address = options.address.rstrip("/") + path
    headers = {"Content-Type": kind} if kind else {}
    request = urllib.request.Request(address, body, headers)  # noqa: S310 - the settings take http and https alone
    timeout_s = min(_REPLY_S, options.timeout_s)
    try:
        with _opener.open(request, timeout=timeout_s) as reply:
            content: bytes = reply.read(most_bytes + 1)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(2000)
        reason = f"{shown(address)} answered {error.code}: {_short(said)}"
        if error.code >= 500 or error.code in _PASSING:
            raise StationAway(reason) from error
        raise StationFailed(reason) from error
    except (OSError, http.client.HTTPException) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        raise StationAway(f"{shown(address)}: {why}") from error
    if len(content) > most_bytes:
        raise StationFailed(f"{shown(address)} answered with more than {most_bytes >> 20} MiB")
    return content


def _short(told: Any) -> str:
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else json.dumps(told)
    return " ".join(text.split())[:200]
