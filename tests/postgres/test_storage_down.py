"""PostgreSQL dies and comes back: 503 meanwhile, nothing half written, no restart."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import Cluster
from minitwit.postgres.database import Database
from minitwit.store import Store
from minitwit.web.operator_endpoints import Readiness
from tests.contract.callers import PASSWORD, Callers, assert_error, new_name
from tests.in_process import callers_of
from tests.postgres.databases import OwnDatabase
from tests.waiting import wait_until


class Server:
    """A server that this test starts, kills and starts again."""

    def __init__(self, cluster: Cluster, log: Path) -> None:
        self._cluster = cluster
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until connections are taken."""
        with self._log.open("ab") as output:
            command = self._cluster.command()
            process = subprocess.Popen(command, cwd="/", stdout=output, stderr=output)
        self._process = process
        wait_until(
            lambda: self._is_ready(process.pid) or process.poll() is not None,
            self._log.read_text,
        )
        assert process.poll() is None, self._log.read_text()

    def _is_ready(self, pid: int) -> bool:
        """Say whether this process takes connections; a killed one left its file."""
        file = self._cluster.data / "postmaster.pid"
        own = file.exists() and file.read_text().startswith(f"{pid}\n")
        return own and self._cluster.is_ready()

    def stop(self) -> None:
        """Crash: after SIGQUIT the server writes no checkpoint."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[tuple[Server, OwnDatabase]]:
    """Return a server that may be stopped, and a migrated database on it."""
    with tempfile.TemporaryDirectory(prefix="minitwit-") as sockets:
        own = Cluster(tmp_path / "postgres", tmp_path / "secrets", Path(sockets))
        own.create()
        server = Server(own, tmp_path / "postgres.log")
        try:
            server.start()
            testbed = OwnDatabase(own, "minitwit")
            testbed.migrate()
            yield server, testbed
        finally:
            server.stop()


def answers_while_down(minitwit: Callers, ada: str, bob: str) -> None:
    """Check that everything that needs the storage is a 503."""
    new = {"username": new_name("down"), "email": "a@b", "pwd": PASSWORD}
    for method, path, body in [
        ("GET", "/msgs", None),
        ("GET", "/latest", None),
        ("POST", f"/msgs/{ada}?latest=9", {"content": "while down"}),
        ("POST", f"/fllws/{ada}?latest=9", {"follow": bob}),
        ("POST", "/register?latest=9", new),
    ]:
        answer = minitwit.simulator.request(method, path, json=body)
        assert_error(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
    page = minitwit.browser().get("/public")
    assert page.status_code == 503
    assert page.headers["Retry-After"]


def wait_until_it_works(minitwit: Callers) -> None:
    """Repeat a request that is answered 503 until it succeeds."""

    def works() -> bool:
        answer = minitwit.anybody.get("/latest")
        if answer.status_code != 200:
            assert_error(answer, 503)
        return answer.status_code == 200

    wait_until(works, seconds=20)


def test_lost_storage_is_503_and_works_again_by_itself(
    bed: tuple[Server, OwnDatabase],
) -> None:
    server, testbed = bed
    store = Store.on(Database(testbed.settings()))
    minitwit = callers_of(store)
    readiness = Readiness(store.schema)
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.post(ada, "before")
    minitwit.simulator.get("/msgs?latest=7")
    assert readiness.check()[0]
    for _ in range(2):
        server.stop()
        answers_while_down(minitwit, ada, bob)
        assert readiness.check()[0]
        server.start()
        wait_until_it_works(minitwit)
        assert minitwit.contents(ada) == ["before"]
        assert minitwit.follows(ada) == []
        # The mark of the last half second may be lost, but none of a 503 is kept.
        assert minitwit.latest() in (7, -1)
    minitwit.post(ada, "after")
    assert minitwit.contents(ada) == ["after", "before"]
    minitwit.close()


def test_acknowledged_messages_outlive_the_servers_crash(
    bed: tuple[Server, OwnDatabase],
) -> None:
    server, testbed = bed
    minitwit = callers_of(Store.on(Database(testbed.settings())))
    ada = minitwit.user()
    texts = [f"message {number}" for number in range(20)]
    for text in texts:
        minitwit.post(ada, text)
    server.stop()
    server.start()
    wait_until_it_works(minitwit)
    assert minitwit.contents(ada) == texts[::-1]
    minitwit.close()
