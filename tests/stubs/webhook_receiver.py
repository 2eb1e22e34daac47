"""An address for webhooks: writes each that comes as a JSON line to standard output.

python webhook_receiver.py PORT
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        told = {"headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
