"""A function over HTTP, and a writer who remembers what was acknowledged."""

import base64
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import free_ports
from deploy.local.postgres import Cluster
from minitwit.postgres.roles import function_role
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)

_CREDENTIAL = base64.b64encode(b"simulator:super_safe!").decode()
_HEADERS = {
    "Authorization": f"Basic {_CREDENTIAL}",
    "Content-Type": "application/json",
    "Connection": "close",
}


@dataclass(frozen=True)
class Answer:
    """What came back, and when."""

    status: int
    sent_at: float
    seconds: float
    body: bytes = b""
    cookies: tuple[str, ...] = ()


class Service:
    """A running function, as its callers see it."""

    def __init__(self, port: int, operator_port: int, host: str = "127.0.0.1") -> None:
        self._host = host
        self.port = port
        self._operator_port = operator_port

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        cookie: str = "",
        timeout: float = 10,
    ) -> Answer:
        """Send a request; a connection that breaks is status 0."""
        start = time.monotonic()
        connection = http.client.HTTPConnection(self._host, self.port, timeout)
        try:
            data = None if body is None else json.dumps(body)
            headers = _HEADERS | ({"Cookie": cookie} if cookie else {})
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            text, status = response.read(), response.status
            cookies = tuple(response.headers.get_all("Set-Cookie") or ())
        except (OSError, http.client.HTTPException):
            text, status, cookies = b"", 0, ()
        finally:
            connection.close()
        return Answer(status, start, time.monotonic() - start, text, cookies)

    def operators_say(self, path: str) -> str:
        """Return what the operators' port answers."""
        connection = http.client.HTTPConnection(self._host, self._operator_port)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            connection.close()


def application(root: Path) -> str:
    """Return what gunicorn runs of the code in a folder; it moved after 0.1.0."""
    package = "web" if (root / "lib" / "minitwit" / "web").is_dir() else "runtime"
    return f"minitwit.{package}.app:create_app()"


@contextmanager
def running_function(
    name: str,
    cluster: Cluster,
    folder: Path,
    url: str | None = None,
    root: Path = ROOT,
    role: str | None = None,
    **more: str,
) -> Iterator[Service]:
    """Run a function as a container would, until the block ends."""
    keys = folder / "session_keys"
    keys.write_text("k" * 40)
    with free_ports(2) as ports:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(root / "lib"),
            **cluster.environment(role or function_role(name)),
            "MINITWIT_FUNCTION": name,
            "MINITWIT_HOST": "127.0.0.1",
            "MINITWIT_PORT": str(ports[0]),
            "MINITWIT_OPERATOR_PORT": str(ports[1]),
            "MINITWIT_SESSION_KEYS_FILE": str(keys),
            "MINITWIT_DRAIN_SECONDS": "0",
        }
        if url:
            environment["MINITWIT_DATABASE_URL"] = url
        log = folder / f"{name}-{ports[0]}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [
                    PYTHON.with_name("gunicorn"),
                    *("-c", "deploy/gunicorn.conf.py"),
                    application(root),
                ],
                cwd=root,
                env=environment | more,
                stdout=output,
                stderr=output,
            )
        service = Service(ports[0], ports[1])
        try:
            wait_until(
                lambda: (
                    '"ready":true' in service.operators_say("/ready")
                    or process.poll() is not None
                ),
                lambda: f"{name} to be ready\n{log.read_text()[-2000:]}",
            )
            assert process.poll() is None, log.read_text()[-2000:]
            yield service
        finally:
            process.terminate()
            process.wait()


class Writer:
    """Posts numbered messages one after the other, each once, until it is stopped."""

    def __init__(self, service: Service, username: str = "writer") -> None:
        self.answers: list[Answer] = []
        self.acknowledged: set[str] = set()
        self._service = service
        self._path = f"/msgs/{username}"
        self.run = uuid.uuid4().hex
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the message at hand and no other."""
        self._stopped.set()
        self._thread.join()

    def wait_for(
        self, status: int, since: float | None = None, patience: float = 30
    ) -> Answer:
        """Wait for the first such answer to what is sent from a moment on."""
        moment = time.monotonic() if since is None else since
        return wait_until(
            lambda: next((a for a in self.since(moment) if a.status == status), None),
            lambda: f"{status}, not {Counter(a.status for a in self.since(moment))}",
            patience,
        )

    def go_on(self, count: int = 50) -> None:
        """Wait until so many more messages were acknowledged."""
        goal = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= goal, f"{goal} messages", 30)

    def since(self, moment: float) -> list[Answer]:
        """Return the answers to what was sent from a moment on."""
        return [answer for answer in self.answers[:] if answer.sent_at >= moment]

    def _write(self) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            content = f"{self.run} {number}"
            answer = self._service.send("POST", self._path, {"content": content})
            if answer.status == 204:
                self.acknowledged.add(content)
            self.answers.append(answer)
            # A caller who pauses: the load is not what is tested.
            time.sleep(0.005)


@contextmanager
def writing(service: Service, username: str = "writer") -> Iterator[Writer]:
    """Let a writer write until the block ends."""
    registered = service.send("GET", f"/msgs/{username}")
    assert registered.status == 200, registered
    writer = Writer(service, username)
    writer.start()
    try:
        writer.wait_for(204)
        yield writer
    finally:
        writer.stop()
