"""Programs that speak as the next stations do, well or badly; each may run as a process of its own.

python station_stand_ins.py hot-folder TO BACK
python station_stand_ins.py comfyui PORT
"""

from __future__ import annotations

import email.parser
import email.policy
import json
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np

PNG = b"\x89PNG"


def redder(content: bytes) -> bytes:
    """What a station makes of a picture: 8 bits, its red turned to full."""
    found: Any = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    found[:, :, 2] = 255
    return cv2.imencode(".png", found)[1].tobytes()


def hot_folder(to: Path, back: Path, stopping: threading.Event) -> None:
    """Take pictures that are there with their JSON; answer with a part first, as programs do."""
    done: set[str] = set()
    while not stopping.wait(0.1):
        for picture in sorted(to.glob("[!.]*.png")):
            if picture.name in done or not picture.with_suffix(".json").exists():
                continue
            try:
                answer = redder(picture.read_bytes())
                with (back / picture.name).open("wb") as file:
                    file.write(answer[: len(answer) // 2])
                    file.flush()
                    time.sleep(0.1)
                    file.write(answer[len(answer) // 2 :])
            except OSError:
                continue
            done.add(picture.name)


class ComfyUi(ThreadingHTTPServer):
    """Uploads under another name than asked for, a queue, a history, views."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.uploads: dict[str, bytes] = {}
        self.prompts: dict[str, Any] = {}
        self.answers: dict[str, bytes] = {}
        self.mode = "well"
        self.took_s = 0.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> ComfyUi:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self


class _Handler(BaseHTTPRequestHandler):
    server: ComfyUi

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.mode == "broken":
            self._say(500, {"error": "out of memory"})
        elif self.path == "/upload/image":
            self._say(200, self._upload(body))
        elif self.server.mode == "refuses":
            self._say(400, {"error": "invalid prompt", "node_errors": {"7": "no such model"}})
        else:
            queued = uuid.uuid4().hex
            self.server.prompts[queued] = (time.monotonic(), json.loads(body)["prompt"])
            self._say(200, {"prompt_id": queued, "number": 1, "node_errors": {}})

    def _upload(self, body: bytes) -> dict[str, str]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.default).parsebytes(head + body)
        for part in message.iter_parts():
            if part.get_filename():
                name = f"up-{part.get_filename()}"
                content: Any = part.get_payload(decode=True)
                self.server.uploads[f"today/{name}"] = content
        return {"name": name, "subfolder": "today", "type": "input"}

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if where.path.startswith("/history/"):
            self._history(where.path.rpartition("/")[2])
        elif where.path == "/view":
            self._view({key: value[0] for key, value in parse_qs(where.query).items()})
        else:
            self._say(404, {})

    def _history(self, queued: str) -> None:
        mode = self.server.mode
        if mode == "babbles":
            self._send(200, b"<html>it works</html>")
            return
        if queued not in self.server.prompts:
            self._say(200, {})
            return
        began_s, prompt = self.server.prompts[queued]
        if mode == "never" or time.monotonic() < began_s + self.server.took_s:
            self._say(200, {})
        elif mode == "fails":
            status = {"status_str": "error", "messages": ["CUDA out of memory"]}
            self._say(200, {queued: {"status": status, "outputs": {}}})
        elif mode == "nothing":
            self._say(200, {queued: {"status": {"status_str": "success"}, "outputs": {}}})
        else:
            answer = redder(self.server.uploads[prompt["1"]["inputs"]["image"]])
            self.server.answers[f"{queued}.png"] = answer
            saved = {"filename": f"{queued}.png", "subfolder": "", "type": "output"}
            preview = {"filename": "preview.png", "subfolder": "", "type": "temp"}
            outputs = {"8": {"images": [preview]}, "9": {"images": [saved]}}
            done = {"status_str": "success", "completed": True}
            self._say(200, {queued: {"status": done, "outputs": outputs}})

    def _view(self, query: dict[str, str]) -> None:
        content = self.server.answers[query["filename"]]
        if self.server.mode == "text":
            content = b"Dear Emma, the picture is in the other letter."
        elif self.server.mode == "small":
            found: Any = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            content = cv2.imencode(".png", found[::2, ::2])[1].tobytes()
        self._send(200, content)

    def _say(self, code: int, told: dict[str, Any]) -> None:
        self._send(code, json.dumps(told).encode())

    def _send(self, code: int, content: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


WORKFLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "{picture}"}},
    "2": {"class_type": "LoadImageMask", "inputs": {"image": "{mask}", "channel": "red"}},
    "3": {"class_type": "KSampler", "inputs": {"seed": "{seed}", "image": ["1", 0]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "matted", "images": ["3", 0]}},
}

if __name__ == "__main__":
    if sys.argv[1] == "hot-folder":
        hot_folder(Path(sys.argv[2]), Path(sys.argv[3]), threading.Event())
    else:
        ComfyUi(int(sys.argv[2])).serve_forever()
