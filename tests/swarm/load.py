"""A constant load on the site: fifty requests a second, whatever comes back.

It is an open loop: a request is sent when its time has come, also while earlier
ones wait, so that a stall shows in every request that a caller would have sent.
Half of the requests use kept connections, half a new one each.
"""

import base64
import itertools
import json
import select
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

SIMULATOR = base64.b64encode(b"simulator:super_safe!").decode()
HEADERS = {"Authorization": f"Basic {SIMULATOR}", "Content-Type": "application/json"}
RATE = 50.0
TIMEOUT = 5.0
# Seconds. The edge closes a connection that is idle for 60, and a request that is sent
# at that moment fails; after a stall there are many that are no longer used.
MAX_IDLE = 30.0
_BODY = 100  # bytes of an answer that are kept
USERS = tuple(f"Load Person {number}" for number in range(20))


@dataclass(frozen=True)
class Request:
    """What is sent and what must come back."""

    method: str
    path: str
    status: int
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a request."""

    request: Request
    began: float
    seconds: float
    answer: str
    # How the body begins: it tells an answer of the edge from one of a function.
    body: str = ""

    @property
    def failed(self) -> bool:
        """Tell whether the caller got anything but the right answer."""
        return self.answer != str(self.request.status)

    def __str__(self) -> str:
        """Return what was sent, what came back, and when."""
        return (
            f"{self.request.method} {self.request.path}: {self.answer} "
            f"after {self.seconds:.3f} s {self.body!r}"
        )


@dataclass
class Outcomes:
    """The requests of a stretch of time."""

    all: list[Outcome] = field(default_factory=list)

    @property
    def failures(self) -> list[Outcome]:
        """The requests that failed."""
        return [outcome for outcome in self.all if outcome.failed]

    def between(self, start: float, end: float) -> "Outcomes":
        """Return the requests that began in a stretch of time."""
        return Outcomes([o for o in self.all if start <= o.began < end])

    def quantile(self, share: float) -> float:
        """Return the milliseconds that a share of the requests did not exceed."""
        times = sorted(outcome.seconds for outcome in self.all)
        return 1000 * times[min(len(times) - 1, int(share * len(times)))]

    def __str__(self) -> str:
        """Return the counts and the times."""
        times = " ".join(
            f"{name} {self.quantile(share):.1f}"
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1))
        )
        return f"{len(self.all)} requests, {len(self.failures)} failed, ms: {times}"


class Load:
    """The constant load, on from `with` until its end.

    It shares the processors with what it measures, so it is made of the standard
    library's client: httpx takes several times as much for a request.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self._host = url.removeprefix("http://")
        self._timeout = timeout
        self._idle: deque[tuple[float, HTTPConnection]] = deque()
        self._outcomes: list[Outcome] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Load":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Send nothing more, and wait for what was sent."""
        self._stop.set()
        self._thread.join(30)

    def so_far(self) -> Outcomes:
        """Return the requests that have ended."""
        return Outcomes(list(self._outcomes))

    def _run(self) -> None:
        # As many threads as requests can be waiting.
        with ThreadPoolExecutor(int(RATE * self._timeout)) as threads:
            start = time.monotonic()
            for number, request in enumerate(mix()):
                due = start + number / RATE
                if self._stop.wait(max(0, due - time.monotonic())):
                    break
                threads.submit(self._send, request, due, keep=number % 2 == 0)
        for _, connection in self._idle:
            connection.close()

    def _send(self, request: Request, due: float, keep: bool) -> None:
        headers = HEADERS if keep else {**HEADERS, "Connection": "close"}
        body = json.dumps(request.body).encode() if request.body else None
        connection = self._connection(keep)
        text = b""
        try:
            connection.request(request.method, request.path, body, headers)
            response = connection.getresponse()
            text = response.read()
            answer = str(response.status)
        except (OSError, HTTPException) as error:
            connection.close()
            answer = repr(error)
        seconds = time.monotonic() - due
        said = text[:_BODY].decode(errors="replace")
        self._outcomes.append(Outcome(request, due, seconds, answer, said))
        if keep and connection.sock:
            self._idle.append((time.monotonic(), connection))

    def _connection(self, keep: bool) -> HTTPConnection:
        with suppress(IndexError):
            while keep:
                idle_since, connection = self._idle.pop()
                is_old = time.monotonic() - idle_since > MAX_IDLE
                if not is_old and not _is_closed(connection):
                    return connection
                connection.close()
        return HTTPConnection(self._host, timeout=self._timeout)


def _is_closed(connection: HTTPConnection) -> bool:
    """Return whether the edge has closed an idle connection: then it is readable."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def mix() -> Iterator[Request]:
    """Yield reads and writes of every function, without end."""
    # Each run has names of its own, since a name can be registered only once.
    run = f"{time.time_ns():x}"
    for round_ in itertools.count():
        user = quote(USERS[round_ % len(USERS)])
        other = USERS[(round_ * 7 + 1) % len(USERS)]
        verb = "follow" if round_ % 2 else "unfollow"
        latest = f"?latest={round_}"
        post = {"content": f"round {round_}"}
        yield Request("POST", f"/msgs/{user}{latest}", 204, post)
        yield Request("GET", "/msgs?no=20", 200)
        yield Request("POST", f"/fllws/{user}{latest}", 204, {verb: other})
        yield Request("GET", f"/fllws/{user}?no=20", 200)
        yield Request("GET", "/public", 200)
        yield Request("POST", f"/register{latest}", 204, account(f"{run} {round_}"))
        yield Request("GET", f"/msgs/{user}?no=20", 200)
        yield Request("GET", f"/{user}", 200)
        yield Request("GET", "/latest", 200)


def account(name: str) -> dict[str, str]:
    """Return what registers a name."""
    return {"username": name, "email": f"{name}@example.org", "pwd": "secret"}
