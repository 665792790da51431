"""Chat and heartbeat monitor of a trial: prints the messages that it receives.

It speaks as much of Slack's webhook as Alertmanager needs. Heartbeats are not printed.
"""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Chat(BaseHTTPRequestHandler):
    """Prints each message as a line of JSON."""

    def do_POST(self) -> None:
        """Accept a message."""
        message = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/chat":
            print(message, flush=True)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args: object) -> None:
        """Write nothing else."""


ThreadingHTTPServer(("", 8080), Chat).serve_forever()
