"""The route table, and what derives from it."""

import importlib
import subprocess
from pathlib import Path

import pytest

from deploy.edge import traefik_rules
from minitwit.web import reserved_names as reserving
from minitwit.web import routes
from minitwit.web.address_limits import SIGN_IN
from minitwit.web.app import Services
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import BrowserResponses
from minitwit.web.password_auth import PasswordAuth
from minitwit.web.reserved_names import reserved_names
from minitwit.web.routes import (
    FUNCTIONS,
    ROUTES,
    Route,
    probe,
    routes_of,
)
from minitwit.web.signed_cookies import SignedCookies
from tests.fakes.store import fake_store
from tests.functions import FUNCTIONS as FOLDERS
from tests.in_process import SESSION_KEY, URL, callers_of

ROOT = Path(__file__).parents[2]


def resources_of(function: str) -> dict[str, object]:
    """Return the resources of a function's handler by their paths."""
    store, cookies = fake_store(), SignedCookies([SESSION_KEY], days=1)
    auth = BrowserAuth(cookies, store.sessions)
    browser = BrowserResponses(cookies, auth)
    passwords = PasswordAuth(store.users, cookies)
    services = Services(store, cookies, auth, passwords, browser, URL, "1.0")
    handler = importlib.import_module(f"functions.{function}.handler")
    return dict(handler.routes(services))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_serves_just_the_operations_of_the_table(function: str) -> None:
    served = {
        f"{name.removeprefix('on_').upper()} {path}"
        for path, resource in resources_of(function).items()
        for name in dir(resource)
        if name.startswith("on_") and name != "on_head"
    }
    listed = {f"{route.method} {route.path}" for route in routes_of(function)}
    handler = f"functions/{function}/handler.py"
    assert not served - listed, f"{handler} serves them: add them to ROUTES"
    assert not listed - served, f"ROUTES lists them: serve them in {handler}"


def test_functions_are_the_folders_with_a_handler() -> None:
    assert set(FUNCTIONS) == set(FOLDERS), "each folder has routes in ROUTES"


def test_scripts_read_the_list_of_functions_from_the_folders() -> None:
    script = '. "$0"; echo "${functions[@]}"'
    command = ["bash", "-euc", script, str(ROOT / "deploy/functions.sh")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.split() == sorted(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_one_probe_that_changes_nothing(function: str) -> None:
    probes = [route for route in routes_of(function) if route.probe]
    assert len(probes) == 1, f"give one GET of {function} in ROUTES its `probe`"
    assert probes[0].method == "GET"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_probe_is_answered_with_its_status(function: str) -> None:
    path, status = probe(function)
    callers = callers_of(fake_store())
    assert callers.anybody.get(path).status_code == status
    callers.close()


def test_names_that_a_new_route_uses_are_reserved_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "search" not in reserved_names()
    route = Route("GET", "/search", "timeline", "api", "Search.")
    monkeypatch.setattr(reserving, "ROUTES", (*ROUTES, route))
    assert "search" in reserved_names()


def test_every_first_segment_of_a_route_is_reserved_and_no_template() -> None:
    expected = {route.path.split("/")[1] for route in ROUTES} | {"api", ".", ".."}
    assert reserved_names() == {name for name in expected if name and "{" not in name}


def test_every_router_has_a_priority_of_its_own() -> None:
    priorities = list(map(traefik_rules.traefik_priority, FUNCTIONS))
    assert priorities == sorted(set(priorities), reverse=True)
    assert FUNCTIONS[-1] == routes.PAGES, "the pages' routes are the last of ROUTES"


def test_no_two_functions_answer_the_same_method_of_a_path() -> None:
    claims = [
        (route.method, path) for route in ROUTES for path in routes.served_paths(route)
    ]
    assert len(claims) == len(set(claims))


def test_every_form_that_asks_for_a_password_has_the_limit_of_sign_ins() -> None:
    forms = {route.path for route in ROUTES if route.method == "POST"}
    asking = {path for path in forms if path.startswith("/account/")}
    asking |= {"/login", "/reset_password"}
    limited = {route.path for route in ROUTES if route.limit == SIGN_IN}
    assert asking == limited, "give its route `limit=SIGN_IN`"
