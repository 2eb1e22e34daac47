"""A web server with one large file, which misbehaves as it is told, request by request."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class ModelServer:
    """Serves ``content`` at any path, with ETag and Range; a context manager.

    ``misdeeds`` are taken one per request; when none is left, it behaves.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag: str | None = '"first"'
        self.modified: str | None = None
        self.misdeeds: list[str] = []
        self.requests: list[dict[str, str]] = []
        """The headers of each, and ``path``."""
        self.go_on = threading.Event()
        """Ends the misdeed ``hold``."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/model.onnx?signature=secret"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    kind: str | None = None
    """The Content-Type of what ``answer`` gives."""

    def answer(self, path: str) -> bytes | None:
        """What else there is; None: the file."""
        assert path
        return None

    def ranges(self) -> list[str | None]:
        """What part each request asked for."""
        return [request.get("range") for request in self.requests]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(_Handler):
            served = outer

        return Handler


class ModelScope(ModelServer):
    """Speaks as much of ModelScope's interface as its client needs for one file."""

    sha256: str | None = None
    """That the listing tells; None: the file's own."""
    listed = True

    @property
    def endpoint(self) -> str:
        return self.address.partition("/model.onnx")[0]

    def listing(self) -> bytes:
        checksum = self.sha256 or hashlib.sha256(self.content).hexdigest()
        file = {
            "Path": "tf_graph.pb", "Name": "tf_graph.pb", "Type": "blob",
            "Size": len(self.content), "Sha256": checksum,
        }  # fmt: skip
        files = [file] if self.listed else []
        return json.dumps({"Code": 200, "Success": True, "Data": {"Files": files}}).encode()

    def answer(self, path: str) -> bytes | None:
        if "/repo/files?" in path:
            return self.listing()
        # Whether the client stands in the same data centre.
        return b'{"Data": {}}' if path.endswith("/internalAccelerationInfo") else None

    def asked(self) -> list[str]:
        """What was wanted, from the last part of the repository's address on."""
        paths = [request["path"] for request in self.requests]
        return [path.partition("matting/repo")[2] for path in paths if "/models/" in path]


class _Handler(BaseHTTPRequestHandler):
    served: ModelServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # the name is http.server's
        heard = {name.lower(): value for name, value in self.headers.items()}
        self.served.requests.append(heard | {"path": self.path})
        if (answer := self.served.answer(self.path)) is not None:
            self.reply(200, len(answer), ETag=None, Content_Type=self.served.kind)
            self.wfile.write(answer)
            return
        misdeeds = self.served.misdeeds
        misdeed = misdeeds.pop(0) if misdeeds else "behave"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"do_{misdeed}")()

    def reply(self, code: int, length: int | None, **headers: Any) -> None:
        self.send_response(code)
        served = self.served
        facts = {"ETag": served.etag, "Last-Modified": served.modified, "Content-Length": length}
        facts |= {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in facts.items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()

    def asked(self) -> int:
        """Where the part begins that is asked for and still is the same; 0 for the whole."""
        told = self.headers.get("If-Range")
        same = told is None or told in {self.served.etag, self.served.modified}
        match = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        return int(match[1]) if match and same else 0

    def do_behave(self) -> None:
        content = self.served.content
        unchanged = (self.served.etag, self.served.modified)
        asked = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        if any(told and told in unchanged for told in asked):
            self.reply(304, None)
            return
        start = self.asked()
        if start >= len(content):
            self.reply(416, 0, Content_Range=f"bytes */{len(content)}")
        elif start:
            told = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.reply(206, len(content) - start, Content_Range=told)
            self.wfile.write(content[start:])
        else:
            self.reply(200, len(content))
            self.wfile.write(content)

    def do_ignore_range(self) -> None:
        self.reply(200, len(self.served.content))
        self.wfile.write(self.served.content)

    def do_break_off(self) -> None:
        """Half of what is left."""
        content, start = self.served.content, self.asked()
        if start:
            told = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.reply(206, len(content) - start, Content_Range=told)
        else:
            self.reply(200, len(content))
        self.wfile.write(content[start : start + (len(content) - start) // 2])
        self.close_connection = True

    def do_reset(self) -> None:
        """Half of it, and then the connection is gone without a farewell."""
        self.do_break_off()
        self.wfile.flush()
        time.sleep(0.1)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def do_announce_more(self) -> None:
        self.reply(200, len(self.served.content) + 1000)
        self.wfile.write(self.served.content)
        self.close_connection = True

    def do_announce_less(self) -> None:
        self.reply(200, len(self.served.content) // 2)
        self.wfile.write(self.served.content)
        self.close_connection = True

    def do_announce_huge(self) -> None:
        self.reply(200, 5 << 40)
        self.wfile.write(self.served.content)
        self.close_connection = True

    def do_announce_nothing(self) -> None:
        self.reply(200, None)
        self.wfile.write(self.served.content)
        self.close_connection = True

    def do_chunk(self) -> None:
        self.reply(200, None, Transfer_Encoding="chunked")
        content = self.served.content
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content))

    def do_break_chunks(self) -> None:
        self.reply(200, None, Transfer_Encoding="chunked")
        self.wfile.write(b"ffffff\r\n" + self.served.content[:1000])
        self.close_connection = True

    def do_send_another_part(self) -> None:
        start = self.asked() + 7
        content = self.served.content
        told = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.reply(206, len(content) - start, Content_Range=told)
        self.wfile.write(content[start:])

    def do_web_page(self) -> None:
        page = b"<html><body>Please log in.</body></html>"
        self.reply(200, len(page), Content_Type="text/html; charset=utf-8")
        self.wfile.write(page)

    def do_missing(self) -> None:
        self.send_error(404)

    def do_busy(self) -> None:
        self.send_error(503)

    def do_hang(self) -> None:
        self.reply(200, len(self.served.content))
        self.wfile.write(self.served.content[:1000])
        self.wfile.flush()
        time.sleep(2)
        self.close_connection = True

    def do_hang_up(self) -> None:
        self.close_connection = True

    def do_redirect(self) -> None:
        self.reply(302, 0, Location="/elsewhere")

    def do_redirect_to_file(self) -> None:
        self.reply(302, 0, Location="file:///etc/passwd")

    def do_redirect_to_ftp(self) -> None:
        self.reply(302, 0, Location="ftp://127.0.0.1/model.onnx")

    def do_drip(self) -> None:
        """Slowly: for whoever is killed in the middle."""
        start, content = self.asked(), self.served.content
        told = f"bytes {start}-{len(content) - 1}/{len(content)}"
        headers = {"Content_Range": told} if start else {}
        self.reply(206 if start else 200, len(content) - start, **headers)
        step = max(1, len(content) // 25)
        for at in range(start, len(content), step):
            self.wfile.write(content[at : at + step])
            self.wfile.flush()
            time.sleep(0.06)

    def do_hold(self) -> None:
        """Half of it, and the rest when the test says so."""
        content = self.served.content
        self.reply(200, len(content))
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        self.served.go_on.wait(60)
        self.wfile.write(content[len(content) // 2 :])

    def log_message(self, *_: object) -> None:
        """Say nothing."""
