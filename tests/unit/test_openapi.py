"""The API description says what the route table, the models and the answers say."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from httpx import Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from functions.timeline.openapi import describe
from minitwit.web.routes import ROUTES, Route
from tests.contract.callers import Callers, new_name
from tests.fakes.store import fake_store
from tests.in_process import callers_of

DESCRIPTION = describe("1.2.3")
API = [route for route in ROUTES if route.caller == "api"]
USER = "Roger Histand"


def route_id(route: Route) -> str:
    """Return how a report names a route."""
    return f"{route.method} {route.path}"


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


@pytest.mark.parametrize("route", API, ids=route_id)
def test_parameters_are_those_of_the_route(route: Route) -> None:
    named = {parameter["name"] for parameter in operation(route)["parameters"]}
    expected = {"username"} if "{username}" in route.path else set()
    expected |= {"latest"} if route.carries_latest else set()
    expected |= {"no"} if route.carries_no else set()
    assert named == expected


@pytest.mark.parametrize("route", API, ids=route_id)
def test_bodies_answers_and_credentials_are_those_of_the_route(route: Route) -> None:
    described = operation(route)
    assert ("requestBody" in described) == (route.body is not None)
    assert ("security" in described) == route.carries_latest
    assert ({} in described.get("security", [{}])) != route.credentials
    responses = described["responses"]
    assert ("204" in responses) == (route.answer is None)
    assert ("403" in responses) == route.carries_latest
    assert "default" not in responses


@pytest.mark.parametrize("route", API, ids=route_id)
def test_every_template_field_is_a_parameter(route: Route) -> None:
    fields = {p["name"] for p in operation(route)["parameters"] if p["in"] == "path"}
    templates = {part[1:-1] for part in route.path.split("/") if part[:1] == "{"}
    assert fields == templates, "describe the field in functions/timeline/openapi.py"


@pytest.fixture(scope="module")
def minitwit() -> Iterator[Callers]:
    """Return callers of a MiniTwit that has what the examples name."""
    callers = callers_of(fake_store())
    callers.register(USER)
    callers.post(USER, "hello")
    callers.follow(USER, USER)
    yield callers
    callers.close()


def example(model: type[BaseModel]) -> dict[str, Any]:
    """Return the example of a body that the description shows."""
    schema = model.model_json_schema()
    if "examples" in schema:
        found: dict[str, Any] = schema["examples"][0]
        return found
    for name, field in schema["properties"].items():
        assert field.get("examples"), f"give {model.__name__}.{name} an example"
    return {name: field["examples"][0] for name, field in schema["properties"].items()}


def ask(minitwit: Callers, route: Route, user: str = USER, **query: int) -> Response:
    """Send the request that the description shows."""
    body = None if route.body is None else example(route.body)
    if route.path == "/register":
        body = {**(body or {}), "username": new_name()}
    path = route.path.format(username=user)
    return minitwit.simulator.request(route.method, path, json=body, params=query)


@pytest.mark.parametrize("route", API, ids=route_id)
def test_an_answer_is_the_one_described(minitwit: Callers, route: Route) -> None:
    answer = ask(minitwit, route)
    expected = 204 if route.answer is None else 200
    assert answer.status_code == expected, "say in ROUTES which model is the `answer`"
    if route.answer is not None:
        assert described_as(route.answer, answer.content) == json.dumps(
            answer.json()
        ), "the model in ROUTES does not describe this answer: mend its fields"


def described_as(model: Any, content: bytes) -> str:
    """Return an answer as its model describes it, or what is wrong with it."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(model)
        value = adapter.validate_json(content, strict=True, extra="forbid")
    except ValidationError as error:
        return str(error)
    return json.dumps(adapter.dump_python(value, mode="json"))


@pytest.mark.parametrize(
    "route", [route for route in API if route.answer], ids=route_id
)
def test_every_field_of_an_answer_is_described_as_always_there(route: Route) -> None:
    if route.path == "/openapi.json":
        assert route.answer is dict
        return
    [model] = get_args(route.answer) or [route.answer]
    assert issubclass(model, BaseModel), "say in ROUTES which model is the `answer`"
    optional = [n for n, f in model.model_fields.items() if not f.is_required()]
    assert not optional, "an answer has all its fields: give them no default"


@pytest.mark.parametrize("route", API, ids=route_id)
def test_failures_are_described(minitwit: Callers, route: Route) -> None:
    described = operation(route)["responses"]
    answers = [
        ask(minitwit, route, user=new_name()),
        minitwit.anybody.request(route.method, route.path.format(username=USER)),
    ]
    for answer in answers:
        assert str(answer.status_code) in described, answer.text


@pytest.mark.parametrize(
    "route", [route for route in API if route.method == "GET"], ids=route_id
)
def test_no_is_described_where_it_limits_the_answer(
    minitwit: Callers, route: Route
) -> None:
    limited = ask(minitwit, route, no=0).json() != ask(minitwit, route).json()
    assert limited == route.carries_no, "say in ROUTES whether it `carries_no`"
