"""The operators' port: what it answers, and that the callers' port does not."""

import json
from typing import Any

import pytest
from falcon import testing

from minitwit.errors import SchemaOutdated, StorageUnavailable
from minitwit.web.app import Function, build
from minitwit.web.operator_endpoints import Readiness
from tests.fakes.store import FakeSchema, fake_store
from tests.in_process import settings

CALLERS, OPERATORS = 8000, 8001


@pytest.fixture
def schema() -> FakeSchema:
    """Return the schema that readiness looks at."""
    return FakeSchema()


@pytest.fixture
def function(schema: FakeSchema) -> Function:
    """Return a function with both of its ports."""
    chosen = settings("messages", version="1.2.3", revision="abc", environment="test")
    return Function(
        chosen,
        callers=build(chosen, fake_store()),
        readiness=Readiness(schema),  # type: ignore[arg-type]
        stop_exporting=lambda: None,
    )


def ask(function: Function, path: str, port: int = OPERATORS) -> tuple[int, str]:
    """Ask one of the ports for a path."""
    environ = testing.create_environ(path=path, port=port)
    started = testing.StartResponseMock()
    body = b"".join(function(environ, started))
    assert started.status is not None
    return int(started.status.split()[0]), body.decode()


def ready(function: Function) -> tuple[int, dict[str, Any]]:
    """Ask whether the function is ready."""
    status, body = ask(function, "/ready")
    return status, json.loads(body)


def test_live_answers(function: Function) -> None:
    assert ask(function, "/live") == (200, "alive\n")


def test_version_says_what_runs(function: Function) -> None:
    status, body = ask(function, "/version")
    assert status == 200
    assert json.loads(body) == {
        "function": "messages",
        "version": "1.2.3",
        "revision": "abc",
        "environment": "test",
    }


def test_metrics_are_for_prometheus(function: Function) -> None:
    status, body = ask(function, "/metrics")
    assert status == 200
    assert "# TYPE minitwit_request_duration_seconds histogram" in body
    assert 'minitwit_build_info{function="messages",revision="abc"' in body


def test_anything_else_is_404_with_a_hint(function: Function) -> None:
    status, body = ask(function, "/msgs")
    assert status == 404
    assert "/ready" in body


@pytest.mark.parametrize("path", ["/live", "/ready", "/version", "/metrics"])
def test_callers_port_serves_no_operators_path(function: Function, path: str) -> None:
    status, body = ask(function, path, port=CALLERS)
    assert status == 404
    assert "minitwit_build_info" not in body


def test_operators_port_serves_no_caller(function: Function) -> None:
    assert ask(function, "/latest", port=CALLERS)[0] == 200
    assert ask(function, "/latest", port=OPERATORS)[0] == 404


def test_operators_requests_take_precedence(function: Function) -> None:
    for port, precedes in ((OPERATORS, True), (CALLERS, False)):
        environ = testing.create_environ(path="/ready", port=port)
        assert function.takes_precedence(environ) is precedes


def test_ready_while_the_schema_is_current(function: Function) -> None:
    assert ready(function) == (200, {"ready": True, "why": "ok"})


def test_not_ready_while_the_schema_is_too_old(
    function: Function, schema: FakeSchema
) -> None:
    schema.error = SchemaOutdated("run `minitwit migrate`")
    status, answer = ready(function)
    assert status == 503
    assert answer == {"ready": False, "why": "run `minitwit migrate`"}


def test_not_ready_before_the_database_was_ever_seen(
    function: Function, schema: FakeSchema
) -> None:
    schema.error = StorageUnavailable()
    assert ready(function)[0] == 503
    schema.error = None
    assert ready(function)[0] == 200


def test_stays_ready_when_a_database_seen_before_goes_away(
    function: Function, schema: FakeSchema
) -> None:
    assert ready(function)[0] == 200
    schema.error = StorageUnavailable()
    status, answer = ready(function)
    assert status == 200
    assert answer["why"] == str(StorageUnavailable())


def test_draining_is_not_ready_and_goes_on_answering(function: Function) -> None:
    assert ready(function)[0] == 200
    function.drain()
    assert ready(function) == (503, {"ready": False, "why": "shutting down"})
    assert ask(function, "/live")[0] == 200
    assert ask(function, "/latest", port=CALLERS)[0] == 200
