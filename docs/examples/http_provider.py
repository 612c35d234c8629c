"""A provider behind a URL: `python http_provider.py DATABASE PORT`, then --state-change-url.

For throw-away databases only; never run it against one in production.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from seeding import answer

DATABASE, PORT = Path(sys.argv[1]), int(sys.argv[2])


class StateChanges(BaseHTTPRequestHandler):
    """Answers POST, whatever the path."""

    protocol_version = "HTTP/1.1"  # connections stay open
    disable_nagle_algorithm = True  # or each answer waits for the client, 40 ms long

    def do_POST(self) -> None:
        """Carry out one message."""
        answered = answer(DATABASE, self.rfile.read(int(self.headers["Content-Length"])))
        error = answered.get("error")
        body = json.dumps(answered).encode()
        self.send_response(404 if error == "unknown state" else 500 if error else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet about what went well."""


# On the loopback interface only: whoever reaches this port can make analyses.
with ThreadingHTTPServer(("127.0.0.1", PORT), StateChanges) as server:
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
