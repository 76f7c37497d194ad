"""A service as the supervisor sees one: ``python -m support.tiny_service`` answers /readyz.

``TINY_DIE`` set: it ends with code 3 before it listens. ``TINY_CHILD`` set: it starts a child of its own.
GET /env gives its environment as JSON, GET /die ends it with code 7. After GET /break it runs on, but /livez
says 503 with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_broken = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/die":
            os._exit(7)
        if self.path == "/break":
            _broken.set()
        body = json.dumps(dict(os.environ)).encode() if self.path == "/env" else b"{}"
        fails = self.path == "/livez" and _broken.is_set()
        if fails:
            body = b'{"consumer": "no progress with lag"}'
        self.send_response(503 if fails else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until killed."""
    print("tiny service starts", flush=True)
    if os.environ.get("TINY_DIE"):
        print("tiny service cannot go on", flush=True)
        raise SystemExit(3)
    if os.environ.get("TINY_CHILD"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(f"child {child.pid}", flush=True)
    port = int(os.environ["VTR_HTTP__PORT"])
    ThreadingHTTPServer(("127.0.0.1", port), _Handler).serve_forever()


if __name__ == "__main__":
    main()
