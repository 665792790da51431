"""Latency at a constant rate, with coordinated omission accounted for.

Requests are due at fixed moments, and each one's time counts from the moment it was
due: a server that stalls is charged for everybody who would have come meanwhile.
"""

import http.client
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmark.load import CREDENTIAL
from tests.benchmark.processes import HOST
from tests.benchmark.workloads import Request

_CONNECTIONS = 16


@dataclass(frozen=True)
class Latency:
    """Percentiles in milliseconds."""

    p50: float
    p99: float
    failed: int


def at_rate(
    port: int, workload: Sequence[Request], rate: float, seconds: float
) -> Latency:
    """Send a workload at so many requests a second."""
    total = round(rate * seconds)
    times: list[float] = []
    statuses: list[int] = []
    numbers = itertools.count()
    start = time.perf_counter() + 0.1

    def client() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        connection.connect()
        # The connection stands before the first request is due.
        while (number := next(numbers)) < total:
            due = start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            status = send(connection, workload[number % len(workload)])
            times.append(time.perf_counter() - due)
            statuses.append(status)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return Latency(
        p50=times[len(times) // 2] * 1000,
        p99=times[len(times) * 99 // 100] * 1000,
        failed=sum(status >= 400 for status in statuses),
    )


def send(connection: http.client.HTTPConnection, request: Request) -> int:
    """Send a request and return the status of the response."""
    headers = {"Authorization": CREDENTIAL}
    if request.cookie:
        headers["Cookie"] = request.cookie
    if request.body:
        headers["Content-Type"] = "application/json"
    connection.request(
        request.method, request.target, request.body.encode() or None, headers
    )
    with connection.getresponse() as response:
        response.read()
        return response.status
