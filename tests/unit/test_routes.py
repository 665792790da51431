"""One table of routes: everything else follows from it."""

import importlib

import pytest

from minitwit.web import routes
from minitwit.web.app import Services
from minitwit.web.browser_responses import Browser
from minitwit.web.routes import FUNCTIONS, ROUTES, Route, reserved_names, routes_of
from minitwit.web.sessions import Sessions
from tests.fakes.store import fake_store
from tests.in_process import SESSION_KEY


def resources_of(function: str) -> dict[str, object]:
    """Return the resources of a function's handler by their paths."""
    sessions = Sessions([SESSION_KEY], days=1)
    services = Services(fake_store(), sessions, Browser(sessions), "1.0")
    handler = importlib.import_module(f"functions.{function}.handler")
    return dict(handler.routes(services))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_serves_just_the_paths_of_the_table(function: str) -> None:
    assert set(resources_of(function)) == {route.path for route in routes_of(function)}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_takes_just_the_methods_of_the_table(function: str) -> None:
    resources = resources_of(function)
    for route in routes_of(function):
        responders = {
            name.removeprefix("on_").upper()
            for name in dir(resources[route.path])
            if name.startswith("on_")
        }
        assert responders - {"HEAD"} == set(route.methods), route.path


def test_names_that_a_new_route_uses_are_reserved_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "search" not in reserved_names()
    route = Route("/search", ("GET",), "timeline", "api")
    monkeypatch.setattr(routes, "ROUTES", (*ROUTES, route))
    assert "search" in reserved_names()


def test_every_first_segment_of_a_route_is_reserved_and_no_template() -> None:
    expected = {route.path.split("/")[1] for route in ROUTES} | {"api", ".", ".."}
    assert reserved_names() == {name for name in expected if name and "{" not in name}


def test_every_router_has_a_priority_of_its_own() -> None:
    priorities = [routes.traefik_priority(function) for function in FUNCTIONS]
    assert len(set(priorities)) == len(FUNCTIONS)
    assert min(priorities) == routes.traefik_priority(routes.PAGES)


def test_no_two_functions_answer_the_same_method_of_a_path() -> None:
    claims = [
        (method, path)
        for route in ROUTES
        for path in routes.served_paths(route)
        for method in route.methods
    ]
    assert len(claims) == len(set(claims))
