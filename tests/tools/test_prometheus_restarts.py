"""What Prometheus shows after it was down while replicas were replaced."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from deploy.local.ports import free_ports
from tests.serving import served
from tests.tools.monitoring import Targets, running_prometheus
from tests.waiting import wait_until

REPLICAS_UP = 'minitwit:replicas:up{function="messages"}'


class _Replica(BaseHTTPRequestHandler):
    """Answers a scrape."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def replicas(number: int) -> Iterator[Targets]:
    """Run replicas of `messages`; give them as Prometheus's targets."""
    with ExitStack() as stack:
        urls = [
            stack.enter_context(served(HTTPServer(("127.0.0.1", 0), _Replica)))
            for _ in range(number)
        ]
        targets = [url.removeprefix("http://") for url in urls]
        yield {"functions": [{"targets": targets, "labels": {"function": "messages"}}]}


def test_replicas_that_went_while_prometheus_was_down_are_soon_forgotten(
    tmp_path: Path,
) -> None:
    """Nothing marked them as gone, and a missing one of today hides behind them."""
    with free_ports(2) as (port, alertmanager):
        with (
            replicas(2) as before,
            running_prometheus(tmp_path, port, before, alertmanager) as prometheus,
        ):
            wait_until(lambda: prometheus.value(REPLICAS_UP) == 2)
        with (
            replicas(1) as after,
            running_prometheus(tmp_path, port, after, alertmanager) as prometheus,
        ):
            wait_until(lambda: prometheus.value(REPLICAS_UP) == 1)
