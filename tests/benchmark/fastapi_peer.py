"""A peer of the benchmark: FastAPI and asyncpg with our statements, and nothing else.

PostgreSQL's address comes in the variables of libpq.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI, Response
from pydantic import BaseModel

from minitwit.postgres.database import PLANNING

_RECENT_MESSAGES = os.environ["PEER_RECENT_MESSAGES"]
_ADD_MESSAGE = os.environ["PEER_ADD_MESSAGE"]
_CONNECTIONS = 8


class _Message(BaseModel):
    content: str


def create_app() -> FastAPI:
    """Assemble; uvicorn calls this in its process."""
    state: dict[str, Any] = {}

    @asynccontextmanager
    async def connected(_app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            min_size=1, max_size=_CONNECTIONS, server_settings=PLANNING
        ) as state["pool"]:
            yield

    app = FastAPI(lifespan=connected)

    @app.get("/msgs")
    async def messages(no: int = 100) -> Response:
        found = await state["pool"].fetchval(_RECENT_MESSAGES, no)
        return Response(found, media_type="application/json")

    @app.post("/msgs/{username}", status_code=204)
    async def post(username: str, message: _Message, latest: int | None = None) -> None:
        await state["pool"].execute(_ADD_MESSAGE, username, message.content, latest)

    return app
