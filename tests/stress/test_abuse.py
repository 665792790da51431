"""One host attacks, and the other clients are served as before, through a real Traefik.

The speed of a machine varies, so each attacked round has a calm one beside it, and the
medians of the rounds are compared; there are more of them where a few do not show that
nothing is noticed. The attacker has an address of its own, and the
lowest priority, as its processor would be another machine's.
"""

import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import pytest

from tests.contract.callers import PASSWORD, SIMULATOR, Callers, new_name
from tests.stress.attacks import ATTACKS
from tests.system.running import CHECKOUT, RunningSystem

ATTACKER = "127.5.0.1"

ROUNDS = 3
MAX_ROUNDS = 9
REQUESTS = 200  # in a round
REGISTRATIONS = 8  # in a round, between the requests

# Seconds. Attacker, Traefik, functions, PostgreSQL and client share the processors, so
# a request may have to wait for a turn or two of the others. A thirtieth of the
# simulator's time-out is as good as calm.
UNNOTICED = 0.01
# A password's hash is computed at a low priority, so that it yields to everything else.
UNNOTICED_REGISTRATION = 0.3

PROGRAMS = ("gunicorn", "traefik")
TRAEFIKS_MEMORY = 256 * 1024**2  # bytes, as in deploy/edge/stack.yml


@dataclass(frozen=True)
class Round:
    """Seconds that each request took, and each registration."""

    requests: list[float]
    registrations: list[float]


class OtherClient:
    """A client that does not attack; like the simulator, it connects for each request.

    Args:
        port: of the system.
        name: of a user.

    """

    def __init__(self, port: int, name: str) -> None:
        self._port = port
        self._requests = (
            ("GET", "/latest", None, 200),
            ("GET", f"/msgs/{name}?no=20", None, 200),
            ("POST", f"/msgs/{name}", {"content": "hello"}, 204),
            ("GET", f"/fllws/{name}", None, 200),
            ("GET", "/public", None, 200),
        )

    def round(self) -> Round:
        """Send the requests of a round, of which none may fail."""
        done = Round([], [])
        for number in range(REQUESTS):
            request = self._requests[number % len(self._requests)]
            done.requests.append(self._seconds(*request))
            if number % (REQUESTS // REGISTRATIONS) == 0:
                user = {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD}
                took = self._seconds("POST", "/register", user, 204)
                done.registrations.append(took)
        return done

    def _seconds(self, method: str, path: str, body: object, status: int) -> float:
        start = time.perf_counter()
        data = None if body is None else json.dumps(body)
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=10)) as connection:
            connection.request(method, path, data, SIMULATOR)
            answer = connection.getresponse()
            answer.read()
        assert answer.status == status, f"{method} {path}: {answer.status}"
        return time.perf_counter() - start


@dataclass(frozen=True)
class Target:
    """What is attacked, and the path of a large response."""

    system: RunningSystem
    other: OtherClient
    large: str

    @property
    def port(self) -> int:
        """The port of the system."""
        return int(self.system.url.rpartition(":")[2])

    def memory(self) -> dict[str, int]:
        """Return the bytes that the largest process of each program uses."""
        used = dict.fromkeys(PROGRAMS, 0)
        for process in self.system.processes():
            command = " ".join(process.cmdline())
            status = Path(f"/proc/{process.pid}/status").read_text()
            anonymous = re.search(r"RssAnon:\s*(\d+) kB", status)
            for program in PROGRAMS:
                if anonymous and program in command:
                    used[program] = max(used[program], int(anonymous[1]) * 1024)
        return used


@pytest.fixture(scope="module")
def target(limited_system: RunningSystem) -> Iterator[Target]:
    """Yield a system with the limits of production, and a response of 6 MB."""
    callers = Callers(limited_system.url)
    large = callers.user()
    for _ in range(1000):
        callers.post(large, "\x01" * 999 + "!")  # Six bytes each in JSON.
    other = OtherClient(int(limited_system.url.rpartition(":")[2]), callers.user())
    target = Target(limited_system, other, f"/msgs/{large}?no=1000")
    # The first requests of replicas take longer, and the first thousand of Traefik.
    with attacked("1,000 requests at once", target):
        other.round()
    yield target
    callers.close()


@contextmanager
def attacked(name: str, target: Target) -> Iterator[None]:
    """Attack from another process, which goes on meanwhile."""
    program = [sys.executable, "-m", "tests.stress.attacks"]
    arguments = [name, ATTACKER, str(target.port), target.large]
    attack = subprocess.Popen(
        ["nice", "-n19", *program, *arguments], cwd=CHECKOUT, stdout=subprocess.PIPE
    )
    assert attack.stdout
    try:
        assert attack.stdout.readline() == b"under way\n"
        yield
        assert attack.poll() is None
    finally:
        attack.kill()
        attack.wait()
        attack.stdout.close()


def p99(done: Round) -> float:
    """Return what all requests of a round but one in a hundred took at most."""
    return sorted(done.requests)[math.ceil(0.99 * len(done.requests)) - 1]


def slowest_registration(done: Round) -> float:
    """Return what the slowest registration of a round took."""
    return max(done.registrations)


@dataclass
class Comparison:
    """Calm rounds and attacked ones, in turns."""

    calm: list[Round] = field(default_factory=list)
    attacked: list[Round] = field(default_factory=list)

    def medians(self, figure: Callable[[Round], float]) -> tuple[float, float]:
        """Return the median of a figure of the calm rounds, and of the attacked."""
        return median(map(figure, self.calm)), median(map(figure, self.attacked))

    def is_within_twice(self) -> bool:
        """Say whether other clients wait at most twice as long as before."""
        calm, attacked = self.medians(p99)
        return attacked <= 2 * calm

    def shows_no_difference(self) -> bool:
        """Say whether other clients are served as well as before."""
        return all(
            attacked <= max(2 * calm, unnoticed)
            for (calm, attacked), unnoticed in (
                (self.medians(p99), UNNOTICED),
                (self.medians(slowest_registration), UNNOTICED_REGISTRATION),
            )
        )


@pytest.mark.parametrize("name", ATTACKS)
def test_other_clients_notice_nothing(
    target: Target, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    compared = Comparison()
    memory = dict.fromkeys(PROGRAMS, 0)
    for number in range(1, MAX_ROUNDS + 1):
        compared.calm.append(target.other.round())
        with attacked(name, target):
            compared.attacked.append(target.other.round())
            for program, size in target.memory().items():
                memory[program] = max(memory[program], size)
        shown = compared.is_within_twice() and compared.shows_no_difference()
        if number >= ROUNDS and shown:
            break
    calm, under_attack = (1e3 * seconds for seconds in compared.medians(p99))
    registering, registering_under_attack = (
        1e3 * seconds for seconds in compared.medians(slowest_registration)
    )
    figures = (
        f"{name}, {number} rounds: p99 {calm:.1f} ms calm, {under_attack:.1f} ms "
        f"attacked; slowest registration {registering:.0f} and "
        f"{registering_under_attack:.0f} ms; MB used "
        f"{ {program: size // 10**6 for program, size in memory.items()} }"
    )
    with capsys.disabled():
        print(f"\n{figures}")
    assert compared.shows_no_difference(), figures
    assert memory["traefik"] < TRAEFIKS_MEMORY
