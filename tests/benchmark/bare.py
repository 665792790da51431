"""Bare Falcon handler with pg8000 and our statements, as a baseline.

What our runtime (credentials, validation, metrics, traces) costs is the difference to
this. It runs under the same gunicorn worker with the same settings.
"""

import os
from typing import Any

import falcon
import orjson

from minitwit.postgres.connections import connect
from minitwit.postgres.database import PLANNING
from minitwit.queries import statements
from minitwit.server import event_loop
from minitwit.settings import DatabaseSettings


class _Session:
    """A connection with its prepared statements."""

    def __init__(self) -> None:
        settings = DatabaseSettings.from_environment(os.environ)
        self._connection, _ = connect(settings, PLANNING, event_loop)
        self._prepared: dict[str, Any] = {}

    def run(self, query: str, **parameters: object) -> list[list[Any]]:
        statement = self._prepared.get(query)
        if statement is None:
            statement = self._connection.prepare(statements()[query])
            self._prepared[query] = statement
        rows: list[list[Any]] = statement.run(**parameters)
        return rows


class _Database:
    """As many connections as there are statements at once."""

    def __init__(self) -> None:
        self._idle: list[_Session] = []

    def run(self, query: str, **parameters: object) -> list[list[Any]]:
        session = self._idle.pop() if self._idle else _Session()
        rows = session.run(query, **parameters)
        self._idle.append(session)
        return rows


class _AllMessages:
    def __init__(self, database: _Database) -> None:
        self._database = database

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit = req.get_param_as_int("no", default=100)
        rows = self._database.run("recent_messages", limit=limit)
        resp.data = rows[0][0].encode()


class _MessagesOfUser:
    def __init__(self, database: _Database) -> None:
        self._database = database

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, username: str
    ) -> None:
        content = orjson.loads(req.bounded_stream.read())["content"]
        self._database.run(
            "add_message", username=username, content=content, latest=None
        )
        resp.status = falcon.HTTP_204


def create_app() -> falcon.App[Any, Any]:
    """Connect and assemble; gunicorn calls this in its worker."""
    database = _Database()
    app: falcon.App[Any, Any] = falcon.App()
    app.add_route("/msgs", _AllMessages(database))
    app.add_route("/msgs/{username}", _MessagesOfUser(database))
    return app
