"""Throttles through a real Traefik, from many addresses of the loopback network."""

import itertools
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests.contract.callers import (
    PASSWORD,
    SIMULATOR,
    Callers,
    assert_error,
    new_name,
)
from tests.system.running import SIMULATOR_ADDRESS, RunningSystem
from tests.waiting import wait_until

NewClient = Callable[[], httpx.Client]


@pytest.fixture(scope="module")
def minitwit(limited_system: RunningSystem) -> Iterator[Callers]:
    """Yield callers of the system with limits, all of one address."""
    callers = Callers(limited_system.url)
    yield callers
    callers.close()


@pytest.fixture(scope="module")
def new_client(limited_system: RunningSystem) -> Iterator[NewClient]:
    """Yield what makes clients, each with a loopback address of its own."""
    addresses = (f"127.1.{i // 250}.{i % 250 + 1}" for i in itertools.count())
    with ExitStack() as clients:

        def new_client() -> httpx.Client:
            transport = httpx.HTTPTransport(verify=False, local_address=next(addresses))
            client = httpx.Client(base_url=limited_system.url, transport=transport)
            client.headers["Accept"] = "text/html"
            return clients.enter_context(client)

        yield new_client


def sign_in(client: httpx.Client, name: str, password: str) -> httpx.Response:
    """Send the form to sign in."""
    return client.post("/login", data={"username": name, "password": password})


def verified(system: RunningSystem) -> float:
    """Return how many passwords were verified, right or wrong."""
    urls = (
        f"http://127.0.0.1:{replica['operator_port']}/metrics"
        for replica in system.replicas
        if replica["function"] == "register"
    )
    counter = re.compile(r'^minitwit_sign_ins_total\{result="(.*)"\} (.*)$', re.M)
    return sum(
        float(count)
        for url in urls
        for result, count in counter.findall(httpx.get(url).text)
        if result != "throttled"
    )


# contract: T1
def test_of_300_passwords_from_an_address_at_most_30_are_tried(
    limited_system: RunningSystem, new_client: NewClient
) -> None:
    before, client = verified(limited_system), new_client()
    answers = [sign_in(client, new_name(), "wrong") for _ in range(300)]
    refused = [answer for answer in answers if answer.status_code == 429]
    tried = verified(limited_system) - before
    assert tried == 300 - len(refused)
    assert 20 <= tried <= 30
    for answer in refused:
        assert answer.headers["Retry-After"] == "30"
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "wait half a minute" in answer.text


# contract: T1
def test_another_address_is_not_limited_by_the_first(
    minitwit: Callers, new_client: NewClient
) -> None:
    client = new_client()
    answers = [sign_in(client, new_name(), "wrong") for _ in range(60)]
    assert 429 in {answer.status_code for answer in answers}
    assert sign_in(new_client(), minitwit.user(), PASSWORD).status_code == 303


# contract: T2, T3
def test_300_addresses_do_not_keep_the_owner_of_an_account_out(
    minitwit: Callers, new_client: NewClient
) -> None:
    ada, owner = minitwit.user("Ada"), new_client()
    sign_in(owner, ada, PASSWORD)
    owner.post("/logout")
    attack = Counter(
        sign_in(new_client(), ada, "wrong").status_code for _ in range(300)
    )
    # A token comes every half a minute, which is about as long as this may take.
    assert 10 <= attack[303] <= 13
    assert attack[303] + attack[429] == 300
    assert sign_in(new_client(), ada, PASSWORD).status_code == 429
    answer = sign_in(owner, ada, PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


# contract: T1
def test_sign_ups_without_credentials_are_limited_in_the_callers_language(
    new_client: NewClient,
) -> None:
    client = new_client()
    answers = [client.post("/register", data={"username": ""}) for _ in range(140)]
    accepted = [answer for answer in answers if answer.status_code == 303]
    assert 100 <= len(accepted) < 140
    assert (answers[-1].status_code, answers[-1].headers["Retry-After"]) == (429, "30")
    assert "<h1>Too many attempts</h1>" in answers[-1].text
    client.headers["Accept"] = "*/*"
    for path in ("/register", "/api/register", "/register/"):
        answer = client.post(path, json={"username": "x"})
        assert_error(answer, 429, "wait half a minute")
        assert answer.headers["Retry-After"] == "30"


# contract: T4
def test_the_simulator_is_never_limited(minitwit: Callers) -> None:
    statuses = Counter(
        minitwit.simulator.post("/register", json={}).status_code for _ in range(150)
    )
    assert statuses == {400: 150}


# contract: S3
def test_wrong_credentials_are_refused_and_not_limited(minitwit: Callers) -> None:
    headers = {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}
    statuses = Counter(
        minitwit.anybody.post("/register", json={}, headers=headers).status_code
        for _ in range(150)
    )
    assert statuses == {403: 150}


@contextmanager
def unfinished_requests(
    system: RunningSystem, source: str, path: str, count: int, header: str = "X: y"
) -> Iterator[None]:
    """Hold requests of one address whose bodies have not arrived."""
    port = int(system.url.rpartition(":")[2])
    lines = (f"POST {path} HTTP/1.1", "Host: a", "Content-Length: 9", header, "", "")
    head = "\r\n".join(lines).encode()
    with ExitStack() as opened:
        for _ in range(count):
            held = socket.create_connection(
                ("127.0.0.1", port), timeout=10, source_address=(source, 0)
            )
            opened.enter_context(held).sendall(head)
        yield


def status_from(
    system: RunningSystem, source: str, path: str, headers: dict[str, str] | None = None
) -> int:
    """Return the status of a GET from an address."""
    transport = httpx.HTTPTransport(local_address=source)
    with httpx.Client(transport=transport, headers=SIMULATOR) as client:
        return client.get(system.url + path, headers=headers).status_code


# contract: T5
def test_requests_in_flight_of_an_address_are_limited_at_each_function(
    limited_system: RunningSystem,
) -> None:
    def status(source: str, path: str) -> int:
        return status_from(limited_system, source, path)

    held, other = "127.3.0.1", "127.3.0.2"
    with unfinished_requests(limited_system, held, "/msgs/nobody", 49):
        assert status(held, "/latest") == 200
        with unfinished_requests(limited_system, held, "/msgs/nobody", 1):
            wait_until(lambda: status(held, "/latest") == 429)
            assert status(other, "/latest") == 200
            assert status(held, "/public") == 200


# contract: T5
def test_an_address_with_traces_of_its_own_does_not_keep_the_others_out(
    limited_system: RunningSystem,
) -> None:
    """Their requests come to the functions from one address, Traefik's own."""
    trace = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}

    def status(source: str) -> int:
        return status_from(limited_system, source, "/latest", trace)

    held, other = "127.3.1.1", "127.3.1.2"
    header = f"traceparent: {trace['traceparent']}"
    with unfinished_requests(limited_system, held, "/msgs/nobody", 60, header):
        wait_until(lambda: status(held) == 429)
        assert status(other) == 200


# contract: T5
def test_the_simulators_requests_in_flight_are_not_limited(
    limited_system: RunningSystem,
) -> None:
    with unfinished_requests(limited_system, SIMULATOR_ADDRESS, "/msgs/nobody", 60):
        assert status_from(limited_system, SIMULATOR_ADDRESS, "/latest") == 200
