"""What spends the error budget, through the real Traefik and Prometheus."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.tools.observed import Observed
from tests.tools.rules_files import rules
from tests.waiting import wait_until

HEAD = b"POST /msgs/nobody HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
EDGE = 'traefik_entrypoint_requests_total{entrypoint="web",code=~"%s"}'
# Short, so that one test does not see what another has sent.
WINDOW = "5s"

# Each is the client's own mistake, and broken off by it.
MISTAKES = {
    "malformed chunk": CHUNKED + b"zz\r\n",
    "chunk without an end": CHUNKED + b"2\r\nabcdefgh\r\n",
    "hang-up in a chunk": CHUNKED + b"5\r\nab",
    "hang-up in a body": HEAD + b"Content-Length: 100\r\n\r\n{",
    "too long a length": HEAD + b"Content-Length: 100000000\r\n\r\n{",
}
TIMES = 40


def break_off(observed: Observed, raw: bytes) -> None:
    """Send bytes to the edge and hang up."""
    port = urlsplit(observed.system.url).port
    with socket.create_connection(("localhost", port), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def count(observed: Observed, codes: str) -> float:
    """Return how many requests the edge has answered with some statuses."""
    return observed.prometheus.value(f"sum({EDGE % codes})") or 0.0


def failed(observed: Observed) -> float:
    """Return the rate of requests that failed lately, as the rules define it."""
    expressions = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
    unreachable = "minitwit:unreachable_requests:rate1m"
    expression = expressions["minitwit:failed_requests:rate1m"].replace(
        unreachable, f"({expressions[unreachable]})"
    )
    value = observed.prometheus.value(expression.replace("[1m]", f"[{WINDOW}]"))
    assert value is not None
    return value


@pytest.mark.parametrize("raw", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_clients_mistake_spends_no_budget(observed: Observed, raw: bytes) -> None:
    wait_until(lambda: failed(observed) == 0)
    before = count(observed, ".+")
    for _ in range(TIMES):
        break_off(observed, raw)
    wait_until(lambda: count(observed, ".+") >= before + TIMES)
    print(f"the edge has answered {count(observed, '5..'):.0f} requests with 5xx")
    assert failed(observed) == 0


def test_a_request_that_no_replica_accepts_spends_budget(observed: Observed) -> None:
    observed.system.supervisorctl("stop", "follow-1", "follow-2")
    try:
        for _ in range(5):
            observed.call("GET", "/fllws/nobody")
        wait_until(lambda: failed(observed) > 0)
    finally:
        observed.system.supervisorctl("start", "follow-1", "follow-2")
        wait_until(lambda: observed.prometheus.value('min(up{job="functions"})') == 1)
