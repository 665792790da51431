"""The API's description as a page."""

import json
from typing import Any

import falcon

from functions.timeline.openapi import Description
from functions.timeline.pages import Pages
from minitwit.web.browser_auth import BrowserAuth

Schema = dict[str, Any]


class ApiPage:
    """Every operation and schema of the description, with an example of each.

    Args:
        description: of the API.
        auth: tells who reads.
        pages: renders the page.

    """

    def __init__(
        self, description: Description, auth: BrowserAuth, pages: Pages
    ) -> None:
        self._description = description
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the page."""
        api = self._description.document
        schemas = api["components"]["schemas"]
        self._pages.render(
            req,
            resp,
            "api.html",
            self._auth.reader(req, resp),
            api=api,
            schemas=schemas,
            example=lambda schema: json.dumps(
                _example(schema, schemas), ensure_ascii=False, indent=2
            ),
        )


def _example(schema: Schema, schemas: dict[str, Schema]) -> object:
    """Return a value that a schema describes, made of the examples of its fields."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "examples" in schema:
        return schema["examples"][0]
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    fields = schema.get("properties", {})
    # Of a schema with alternatives, the first one.
    alternatives = schema.get("anyOf", [{"required": fields}])
    names = schema.get("required", alternatives[0]["required"])
    return {name: _example(fields[name], schemas) for name in names}
