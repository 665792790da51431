"""The metrics' series stay few, whatever is requested."""

from collections.abc import Iterator

import pytest
from falcon import testing
from prometheus_client import REGISTRY

from minitwit.telemetry.metrics import observe_query
from minitwit.web.app import build
from minitwit.web.routes import ROUTES, served_paths
from tests.contract.callers import SIMULATOR, Callers
from tests.fakes.store import fake_store
from tests.in_process import callers_of, settings


@pytest.fixture
def minitwit() -> Iterator[Callers]:
    """Return callers of a MiniTwit of this test's own."""
    callers = callers_of(fake_store())
    yield callers
    callers.close()


def labels_of(metric: str) -> set[tuple[str, ...]]:
    """Return the sets of labels that a histogram has."""
    return {
        tuple(value for _, value in sorted(sample.labels.items()))
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == f"{metric}_count"
    }


def requests() -> set[tuple[str, ...]]:
    """Return (function, method, route, status) of every series of requests."""
    return labels_of("minitwit_request_duration_seconds")


def count(**labels: str) -> float:
    """Return how many requests a series has counted."""
    value = REGISTRY.get_sample_value("minitwit_request_duration_seconds_count", labels)
    return value or 0


def test_request_is_counted_under_its_route_and_status(minitwit: Callers) -> None:
    ada = minitwit.user()
    labels = {
        "function": "messages",
        "method": "POST",
        "route": "/msgs/{username}",
        "status": "204",
    }
    before = count(**labels)
    minitwit.post(ada, "hello")
    assert count(**labels) == before + 1


def test_refused_request_is_counted_as_well(minitwit: Callers) -> None:
    labels = {
        "function": "messages",
        "method": "GET",
        "route": "/msgs",
        "status": "403",
    }
    before = count(**labels)
    minitwit.anybody.get("/msgs")
    assert count(**labels) == before + 1


def test_ten_thousand_names_are_one_series() -> None:
    app = build(settings("messages"), fake_store())

    def ask(name: str) -> None:
        environ = testing.create_environ(f"/msgs/{name}", headers=SIMULATOR)
        list(app(environ, testing.StartResponseMock()))

    ask("nobody")
    before = requests()
    for number in range(10_000):
        ask(f"nobody-{number}")
    assert requests() == before


def test_junk_paths_and_methods_make_a_handful_of_series(minitwit: Callers) -> None:
    minitwit.anybody.get("/no/such/path")
    before = requests()
    for number in range(200):
        minitwit.anybody.get(f"/junk/{number}/{number}")
        minitwit.anybody.get(f"/msgs?junk={number}")
        minitwit.anybody.request(f"BREW{number}", "/msgs")
        minitwit.anybody.request(f"BREW{number}", f"/junk/{number}")
    assert len(requests() - before) <= 4
    templates = {path for route in ROUTES for path in served_paths(route)}
    assert {route for _, _, route, _ in requests()} <= templates | {"none"}
    assert not [m for _, m, _, _ in requests() if m.startswith("BREW")]


def test_query_is_measured_under_its_name() -> None:
    observe_query("add_message", 0.01)
    assert ("add_message",) in labels_of("minitwit_query_duration_seconds")


def test_nothing_is_in_flight_after_any_answer(minitwit: Callers) -> None:
    minitwit.anybody.get("/msgs")
    minitwit.anybody.get("/no/such/path")
    minitwit.anybody.request("BREW", "/msgs")
    for function in ("messages", "timeline"):
        labels = {"function": function}
        assert REGISTRY.get_sample_value("minitwit_requests_in_flight", labels) == 0
