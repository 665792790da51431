"""Bare Falcon handler that runs our statements as we do, as a baseline.

What our runtime (credentials, validation, metrics, traces) costs is the difference to
this. It runs under the same gunicorn worker with the same settings; under other
workers and servers it shows what those cost.
"""

import os
from typing import Any

import falcon
import orjson

from minitwit.postgres.connections import Connector
from minitwit.postgres.database import PLANNING
from minitwit.postgres.network import BLOCKING, Network
from minitwit.postgres.prepared_statements import PreparedStatement
from minitwit.queries import statements
from minitwit.server import event_loop
from minitwit.settings import DatabaseSettings


class _Session:
    """A connection with its prepared statements."""

    def __init__(self, network: Network) -> None:
        settings = DatabaseSettings.from_environment(os.environ)
        connector = Connector(settings, PLANNING, network)
        self._connection, self._stream = connector.connect()
        self._stream.watch()
        self._prepared: dict[str, PreparedStatement] = {}

    def run(self, query: str, parameters: dict[str, Any]) -> list[list[Any]]:
        statement = self._prepared.get(query)
        if statement is None:
            text = statements()[query]
            statement = PreparedStatement(self._connection, self._stream, text)
            self._prepared[query] = statement
        return statement.run(parameters)


class _Database:
    """As many connections as there are statements at once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: list[_Session] = []

    def run(self, query: str, **parameters: object) -> list[list[Any]]:
        try:
            session = self._idle.pop()
        except IndexError:  # Another thread may have taken the last one.
            session = _Session(self._network)
        rows = session.run(query, parameters)
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
        latest = req.get_param_as_int("latest")
        self._database.run(
            "add_message", username=username, content=content, latest=latest
        )
        resp.status = falcon.HTTP_204


def create_app() -> falcon.App[Any, Any]:
    """Assemble, for our worker."""
    return _assembled(event_loop)


def create_blocking_app() -> falcon.App[Any, Any]:
    """Assemble, for servers with threads, or greenlets that patch what blocks."""
    return _assembled(BLOCKING)


def _assembled(network: Network) -> falcon.App[Any, Any]:
    database = _Database(network)
    app: falcon.App[Any, Any] = falcon.App()
    app.add_route("/msgs", _AllMessages(database))
    app.add_route("/msgs/{username}", _MessagesOfUser(database))
    return app
