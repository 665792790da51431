"""OpenAPI 3.1 description of the API, made from the route table and the models."""

from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus
from typing import Any, get_args, get_origin

import falcon
import orjson
from pydantic import BaseModel

from minitwit.models import DEFAULT_LIMIT, MAX_LIMIT, ErrorBody
from minitwit.web.routes import ROUTES, Route

_REF = "#/components/schemas/{model}"

_LATEST = {
    "name": "latest",
    "in": "query",
    "description": "The simulator's progress mark. Ignored unless it is an integer.",
    # Any text is accepted, so none may be called invalid.
    "schema": {"type": ["integer", "string"]},
    "example": 42,
}
_NO = {
    "name": "no",
    "in": "query",
    "description": (
        "The largest number of entries to list. "
        f"More than {MAX_LIMIT} is {MAX_LIMIT}; "
        f"a negative number or no integer is {DEFAULT_LIMIT}."
    ),
    "schema": {"type": ["integer", "string"], "default": DEFAULT_LIMIT},
    "example": 20,
}
_USERNAME = {
    "name": "username",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "example": "Roger Histand",
}


class Description:
    """Resource of the description, made on first request; its version is the release's.

    Args:
        version: the version that is running.

    """

    def __init__(self, version: str) -> None:
        self._version = version

    @cached_property
    def document(self) -> dict[str, Any]:
        """The description."""
        return describe(self._version)

    @cached_property
    def _json(self) -> bytes:
        return orjson.dumps(self.document)

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the description."""
        resp.data = self._json


def describe(version: str) -> dict[str, Any]:
    """Return the description of every route that the API has."""
    # Imported on first use: it takes two megabytes that most replicas never need.
    from pydantic.json_schema import models_json_schema

    paths_of_the_api = {route.path for route in ROUTES if route.caller == "api"}
    # With the pages on the same paths: `Allow` names their methods as well.
    routes = [route for route in ROUTES if route.path in paths_of_the_api]
    models = {model for route in routes for model in _models(route)}
    in_order = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in in_order], ref_template=_REF
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MiniTwit",
            "version": version,
            "description": "Every path answers under /api as well.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"simulator": {"type": "http", "scheme": "basic"}},
        },
    }


def _models(route: Route) -> Iterator[type[BaseModel]]:
    yield ErrorBody
    for model in (route.body, _item(route.answer)):
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield model


def _item(answer: Any) -> Any:
    return get_args(answer)[0] if get_origin(answer) is list else answer


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()} {route.path}",
        "tags": [route.function],
        "parameters": list(_parameters(route)),
        "responses": dict(_responses(route)),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
    if route.carries_latest:
        required: list[dict[str, Any]] = [{"simulator": []}]
        operation["security"] = required if route.credentials else [{}, *required]
    return operation


def _parameters(route: Route) -> Iterator[dict[str, Any]]:
    if "{username}" in route.path:
        yield _USERNAME
    if route.carries_latest:
        yield _LATEST
    if route.carries_no:
        yield _NO


def _responses(route: Route) -> Iterator[tuple[str, dict[str, Any]]]:
    if route.caller == "browser":
        yield "200", {"description": "The page.", "content": {"text/html": {}}}
        return
    if route.answer is None:
        yield "204", {"description": "Done."}
    else:
        yield "200", {"description": "The answer.", "content": _content(route.answer)}
    for status in sorted(_failures(route)):
        phrase = HTTPStatus(status).phrase
        yield str(status), {"description": phrase, "content": _content(ErrorBody)}


def _failures(route: Route) -> Iterator[int]:
    # The storage of no operation is always there, but the description needs none.
    if route.function != "timeline":
        yield 503
    if route.limit:
        yield 429
    if (
        route.carries_latest
    ):  # Wrong credentials are refused even where none are needed.
        yield 403
    if "{" in route.path:
        yield 404
    if route.body is not None:
        yield from (400, 413, 415)


def _content(model: Any) -> dict[str, Any]:
    return {"application/json": {"schema": _schema(model)}}


def _schema(model: Any) -> dict[str, Any]:
    if get_origin(model) is list:
        return {"type": "array", "items": _schema(_item(model))}
    if model is dict:
        return {"type": "object"}
    return {"$ref": _REF.format(model=model.__name__)}
