"""The API's description (OpenAPI 3.1), made from the route table and the models."""

from functools import cached_property
from typing import Any

import falcon
import orjson
from pydantic import BaseModel

from minitwit.models import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    ErrorBody,
    FollowChange,
    Follows,
    Latest,
    Message,
    NewMessage,
    Registration,
)
from minitwit.web.routes import ROUTES, Route

_REF = "#/components/schemas/{model}"

# What each operation takes and gives; the models say the rest.
_OPERATIONS: dict[tuple[str, str], tuple[str, type[BaseModel] | None, Any]] = {
    ("POST", "/register"): ("Create an account.", Registration, None),
    ("GET", "/fllws/{username}"): ("List whom a user follows.", None, Follows),
    ("POST", "/fllws/{username}"): ("Follow or unfollow.", FollowChange, None),
    ("GET", "/msgs"): ("List the newest messages.", None, list[Message]),
    ("GET", "/msgs/{username}"): ("List a user's newest.", None, list[Message]),
    ("POST", "/msgs/{username}"): ("Post a message.", NewMessage, None),
    ("GET", "/latest"): ("Read the simulator's progress mark.", None, Latest),
    ("GET", "/openapi.json"): ("Read this description.", None, dict),
}
_MODELS = (
    ErrorBody,
    FollowChange,
    Follows,
    Latest,
    Message,
    NewMessage,
    Registration,
)


class Description:
    """The API's description, made when somebody asks; its version is the release's.

    So anybody can tell which release is live.
    """

    def __init__(self, version: str) -> None:
        self._version = version

    @cached_property
    def _json(self) -> bytes:
        return orjson.dumps(describe(self._version))

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the description."""
        resp.data = self._json


def describe(version: str) -> dict[str, Any]:
    """Return the description of every route that the API has."""
    # A function starts without it: it costs two megabytes, and few ask.
    from pydantic.json_schema import models_json_schema

    _, schemas = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=_REF
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        if route.caller == "api":
            for method in route.methods:
                operation = _operation(route, method)
                paths.setdefault(route.path, {})[method.lower()] = operation
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


def _operation(route: Route, method: str) -> dict[str, Any]:
    summary, body, answer = _OPERATIONS[method, route.path]
    operation: dict[str, Any] = {
        "summary": summary,
        "operationId": f"{method.lower()} {route.path}",
        "parameters": _parameters(route, method),
        "responses": _responses(answer),
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _content(body)}
    if route.credentials:
        operation["security"] = [{"simulator": []}]
    return operation


def _parameters(route: Route, method: str) -> list[dict[str, Any]]:
    found = []
    if "{username}" in route.path:
        found.append(_parameter("username", "path", {"type": "string"}))
    if route.carries_latest:
        found.append(_parameter("latest", "query", {"type": "integer"}))
    if route.carries_no and method == "GET":
        number = {"type": "integer", "default": DEFAULT_LIMIT, "maximum": MAX_LIMIT}
        found.append(_parameter("no", "query", number))
    return found


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _responses(answer: Any) -> dict[str, Any]:
    failure = {"description": "What went wrong.", "content": _content(ErrorBody)}
    if answer is None:
        return {"204": {"description": "Done."}, "default": failure}
    success = {"description": "The answer.", "content": _content(answer)}
    return {"200": success, "default": failure}


def _content(model: Any) -> dict[str, Any]:
    if model is dict:
        schema: dict[str, Any] = {"type": "object"}
    elif isinstance(model, type):
        schema = {"$ref": _REF.format(model=model.__name__)}
    else:
        item = {"$ref": _REF.format(model=model.__args__[0].__name__)}
        schema = {"type": "array", "items": item}
    return {"application/json": {"schema": schema}}
