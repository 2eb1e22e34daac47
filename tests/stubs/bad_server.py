"""A web server that does what the address says, mostly nothing good."""

from __future__ import annotations

import contextlib
import time
from http.server import BaseHTTPRequestHandler

CONTENT = b"a photo's bytes" * 10_000


class Server(BaseHTTPRequestHandler):
    """Does what the first part of the path says; the rest is the file's name."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # the name is http.server's
        does = self.path.split("/")[1].partition("?")[0]
        getattr(self, f"do_{does}", self.do_obey)()

    def do_obey(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def do_missing(self) -> None:
        self.send_error(404)

    def do_break_off(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) + 1))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(CONTENT)
        self.close_connection = True

    def do_break_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"ffff\r\n" + CONTENT[:1000])
        self.close_connection = True

    def do_babble(self) -> None:
        self.wfile.write(b"I am no HTTP server\r\n\r\n")
        self.close_connection = True

    def do_hang_up(self) -> None:
        self.close_connection = True

    def do_sleep(self) -> None:
        time.sleep(2)
        self.close_connection = True

    def do_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        for start in range(0, len(CONTENT), 30_000):
            self.wfile.write(CONTENT[start : start + 30_000])
            self.wfile.flush()
            time.sleep(0.2)

    def do_redirect(self) -> None:
        self._lead_to("file:///etc/passwd?signature=secret")

    def do_redirect_to_ftp(self) -> None:
        self._lead_to("ftp://me:secret@127.0.0.1/a.jpg")

    def do_redirect_to_data(self) -> None:
        self._lead_to("data:image/png;base64,AAAA")

    def do_elsewhere(self) -> None:
        host = self.headers["Host"].replace("127.0.0.1", "localhost")  # of http, as seen from both
        self._lead_to(f"http://{host}/heard/a.jpg")

    def _lead_to(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_heard(self) -> None:
        """What was sent to log in."""
        told = (self.headers["Authorization"] or "nothing").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def do_echo(self) -> None:
        self.send_error(403, f"no such thing as {self.path}")

    def do_huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()
        self.wfile.write(CONTENT)

    def do_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(CONTENT)

    def do_endless_headers(self) -> None:
        self._trickle(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000)

    def do_trickle(self) -> None:
        self._trickle(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000)

    def do_trickle_chunks(self) -> None:
        self._trickle(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200
        )

    def _trickle(self, sent: bytes) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            for byte in sent:
                self.wfile.write(bytes((byte,)))
                self.wfile.flush()
                time.sleep(0.05)

    def do_tell(self) -> None:
        self.send_response(200)
        told = self.path.encode()
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
