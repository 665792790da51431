"""The simulator's client: its requests, and the outcome of each response."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from minitwit_cli.simulator.base_url import InvalidURL
from minitwit_cli.simulator.client import (
    PUBLISHED_CREDENTIAL,
    NoAnswer,
    SimulatorClient,
)
from minitwit_cli.simulator.scenario import Action, Command
from tests.fakes.http_service import Answer, FakeMiniTwit, Request, serving

PATIENCE = 10.0  # seconds; no test waits that long unless it fails


def action(
    command: Command = "tweet", user: str = "alice", argument: str = "hi"
) -> Action:
    password = 'se"cret' if command == "register" else None
    return Action(17, 0, 0, command, user, argument, password)


def client(url: str, timeout: float = PATIENCE) -> SimulatorClient:
    return SimulatorClient(url, PUBLISHED_CREDENTIAL, timeout)


def sent(some: Action, prefix: str = "") -> Request:
    service = FakeMiniTwit()
    with serving(service) as url:
        client(url + prefix).send(some)
    return service.requests[0]


@pytest.mark.parametrize(
    ("some", "target", "fields"),
    [
        (
            action("register", "Roger Histand", "roger@example.org"),
            "/register?latest=17",
            {
                "username": "Roger Histand",
                "email": "roger@example.org",
                "pwd": 'se"cret',
            },
        ),
        (
            action("tweet", "Roger Histand", 'so "quoted" ☃ 😀 \u2028'),
            "/msgs/Roger%20Histand?latest=17",
            {"content": 'so "quoted" ☃ 😀 \u2028'},
        ),
        (
            action("follow", "Åse", "Ngọc Ørsted"),
            "/fllws/%C3%85se?latest=17",
            {"follow": "Ngọc Ørsted"},
        ),
        (
            action("unfollow", "a?b#c%20+&d", "bob"),
            "/fllws/a%3Fb%23c%2520%2B%26d?latest=17",
            {"unfollow": "bob"},
        ),
    ],
    ids=lambda value: value.command if isinstance(value, Action) else "",
)
def test_an_action_becomes_the_request_of_the_contract(
    some: Action, target: str, fields: dict[str, str]
) -> None:
    request = sent(some)
    assert (request.method, request.target) == ("POST", target)
    assert request.fields == fields


def test_every_request_has_the_simulators_headers() -> None:
    headers = sent(action()).headers
    assert headers["Authorization"] == "Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh"
    assert headers["Connection"] == "close"
    assert headers["Content-Type"] == "application/json"


def test_another_credential_is_sent_instead_of_the_published_one() -> None:
    service = FakeMiniTwit()
    with serving(service) as url:
        SimulatorClient(url, "alice:Blåbær", PATIENCE).send(action())
    token = service.requests[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(token).decode() == "alice:Blåbær"


def test_a_path_in_the_url_is_kept() -> None:
    assert sent(action(), "/api/").target == "/api/msgs/alice?latest=17"


def outcome_of(some: Action, answer: Answer) -> tuple[object, str | None, bool]:
    with serving(lambda _: answer) as url:
        outcome = client(url).send(some)
    assert 0 < outcome.seconds < PATIENCE
    return outcome.answer, outcome.failure, outcome.already_there


@pytest.mark.parametrize("command", ["register", "tweet", "follow", "unfollow"])
def test_204_is_success(command: Command) -> None:
    assert outcome_of(action(command), (204, b"")) == (204, None, False)


@pytest.mark.parametrize("status", [200, 201, 302, 403, 404, 500, 503])
def test_any_other_status_is_a_failure(status: int) -> None:
    answer, failure, _ = outcome_of(action(), (status, b'{"error_msg": "Too bad."}'))
    assert (answer, failure) == (status, f"{status} Too bad.")


def test_a_registered_name_is_counted_apart_and_no_failure() -> None:
    taken = (400, b'{"status": 400, "error_msg": "The username is already taken"}')
    assert outcome_of(action("register"), taken) == (400, None, True)


def test_400_for_another_reason_is_a_failure() -> None:
    refused = (400, b'{"error_msg": "You have to enter a password"}')
    failure = "400 You have to enter a password"
    assert outcome_of(action("register"), refused) == (400, failure, False)


def test_only_a_registration_may_find_a_name_taken() -> None:
    _, failure, _ = outcome_of(action("tweet"), (400, b"already taken"))
    assert failure == "400 already taken"


@pytest.mark.parametrize("body", [b"\x1b[2J\n\xff oops", b"[1]", b'{"error_msg": 1}'])
def test_a_response_of_any_bytes_is_reported_in_one_printable_line(body: bytes) -> None:
    _, failure, _ = outcome_of(action(), (500, body))
    assert failure is not None
    assert failure.isprintable()


def test_no_answer_in_time_is_a_failure() -> None:
    released = Event()

    def answer_when_released(_: Request) -> Answer:
        assert released.wait(PATIENCE)
        return 204, b""

    with serving(answer_when_released) as url:
        outcome = client(url, timeout=0.05).send(action())
        released.set()
    assert (outcome.answer, outcome.failure) == ("time-out", "no answer within 0.05 s")
    assert outcome.seconds >= 0.05


def test_a_refused_connection_is_a_failure() -> None:
    outcome = client(closed_port()).send(action())
    assert outcome.answer == "no answer"
    assert "refused" in str(outcome.failure)


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-hello\r\n"])
def test_a_reply_that_is_no_answer_is_a_failure(reply: bytes) -> None:
    with replying(reply) as url:
        outcome = client(url).send(action())
    assert outcome.answer == "no answer"
    assert outcome.failure


def test_latest_is_reported_as_the_service_answers_it() -> None:
    with serving(FakeMiniTwit(latest=41)) as url:
        assert client(url).latest() == '200 {"latest": 41}'


def test_latest_without_a_service_is_an_error() -> None:
    with pytest.raises(NoAnswer, match="refused"):
        client(closed_port()).latest()


@pytest.mark.parametrize(
    "url", ["localhost:5000", "ftp://host", "http://", "http://host:port", "http://[::"]
)
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidURL):
        client(url)


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@contextmanager
def replying(reply: bytes) -> Iterator[str]:
    """Send these bytes to every client, whatever its request, and close."""

    def accept() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()
