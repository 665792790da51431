"""Readiness of a starting system: waits, or names the program that fails and why."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from deploy.local.errors import LocalRunError
from deploy.local.ports import LOOPBACK
from deploy.local.replicas import Replica
from deploy.local.supervision import Supervisor
from minitwit.web.routes import FUNCTIONS

# A program may need a second try, for example when its port is not free yet.
_TRIES = 3
_TIMEOUT = 90  # seconds


class Readiness:
    """Waits for one condition after the other, and watches all programs meanwhile.

    Args:
        supervisor: starts the programs.
        logs: the folder of their logs.
        is_supervised: whether supervisord still runs.

    """

    def __init__(
        self, supervisor: Supervisor, logs: Path, is_supervised: Callable[[], bool]
    ) -> None:
        self._supervisor = supervisor
        self._logs = logs
        self._is_supervised = is_supervised
        self._pids: dict[str, set[int]] = defaultdict(set)

    def until(self, condition: Callable[[], bool], program: str) -> None:
        """Wait for a condition that a program fulfills.

        Raises:
            LocalRunError: it does not, or another program does not start; with the
                end of that program's log.

        """
        deadline = time.monotonic() + _TIMEOUT
        while not condition():
            if not self._is_supervised():
                raise LocalRunError(self._failure("supervisord"))
            self._watch()
            if time.monotonic() > deadline:
                raise LocalRunError(self._failure(program))
            time.sleep(0.05)

    def until_ready(self, replicas: Iterable[Replica]) -> None:
        """Wait until each replica reports that it is ready.

        Raises:
            LocalRunError: one is not.

        """
        for replica in replicas:
            self.until(partial(_is_ready, replica), replica.name)

    def until_routed(self, traefik_port: int, replicas: Iterable[Replica]) -> None:
        """Wait until Traefik sends requests to these replicas and no others.

        Raises:
            LocalRunError: it still has others.

        """
        expected = {f"http://{LOOPBACK}:{replica.port}" for replica in replicas}
        self.until(lambda: _servers(traefik_port) == expected, "traefik")

    def _watch(self) -> None:
        # A call also wakes supervisord, which polls only once a second.
        for name, pid in self._supervisor.pids().items():
            self._pids[name].add(pid)
            if len(self._pids[name]) > _TRIES:
                raise LocalRunError(self._failure(name))

    def _failure(self, program: str) -> str:
        log = self._logs / f"{program}.log"
        lines = log.read_text("utf-8", "replace").split("\n") if log.exists() else []
        last = next((line for line in reversed(lines) if line.strip()), "nothing")
        return f"{program} does not start. The end of {log}: {last}"


def _is_ready(replica: Replica) -> bool:
    return _get(replica.operator_port, "/ready") is not None


def _servers(traefik_port: int) -> set[str] | None:
    servers: set[str] = set()
    for function in FUNCTIONS:
        answer = _get(traefik_port, f"/api/http/services/{function}@file")
        if answer is None:
            return None
        listed = json.loads(answer)["loadBalancer"].get("servers", [])
        servers |= {server["url"] for server in listed}
    return servers


def _get(port: int, path: str) -> bytes | None:
    """Return the body of a 200, or None for any other answer or none."""
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    return body if answer.status == 200 else None
