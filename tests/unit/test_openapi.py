"""The API description says what the route table, the models and the answers say."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.timeline.openapi import describe
from minitwit.web.routes import ROUTES, Route

DESCRIPTION = describe("1.2.3")
API = [route for route in ROUTES if route.caller == "api"]


def operation(route: Route) -> dict[str, Any]:
    """Return the description of a route."""
    found: dict[str, Any] = DESCRIPTION["paths"][route.path][route.method.lower()]
    return found


def references(node: Any) -> Iterator[str]:
    """Yield every `$ref` in a part of the description."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)


def test_every_reference_leads_to_a_schema_and_every_schema_is_used() -> None:
    schemas = {
        f"#/components/schemas/{n}" for n in DESCRIPTION["components"]["schemas"]
    }
    assert set(references(DESCRIPTION)) == schemas


@pytest.mark.parametrize("route", API, ids=lambda r: f"{r.method} {r.path}")
def test_parameters_are_those_of_the_route(route: Route) -> None:
    named = {parameter["name"] for parameter in operation(route)["parameters"]}
    expected = {"username"} if "{username}" in route.path else set()
    expected |= {"latest"} if route.carries_latest else set()
    expected |= {"no"} if route.carries_no else set()
    assert named == expected


@pytest.mark.parametrize("route", API, ids=lambda r: f"{r.method} {r.path}")
def test_bodies_answers_and_credentials_are_those_of_the_route(route: Route) -> None:
    described = operation(route)
    assert ("requestBody" in described) == (route.body is not None)
    assert ("security" in described) == route.credentials
    responses = described["responses"]
    assert ("204" in responses) == (route.answer is None)
    assert ("403" in responses) == route.credentials
    assert "default" not in responses


@pytest.mark.parametrize("route", API, ids=lambda r: f"{r.method} {r.path}")
def test_every_template_field_is_a_parameter(route: Route) -> None:
    fields = {p["name"] for p in operation(route)["parameters"] if p["in"] == "path"}
    templates = {part[1:-1] for part in route.path.split("/") if part[:1] == "{"}
    assert fields == templates, "describe the field in functions/timeline/openapi.py"
