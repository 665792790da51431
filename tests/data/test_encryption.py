"""Connections to PostgreSQL over TLS, against a server with OpenSSL."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from struct import pack

import pytest

from deploy.local.postgres import SUPERUSER
from minitwit.errors import DatabaseRefused, StorageUnavailable
from minitwit.postgres.connections import Connector, disconnect
from minitwit.postgres.database import Database
from minitwit.postgres.prepared_statements import PreparedStatement
from minitwit.postgres.roles import OWNER, function_role
from minitwit.server import event_loop
from minitwit.settings import DatabaseSettings
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import open_admin_connection
from tests.certificates import make_certificate
from tests.data.encrypting import (
    HOST,
    EncryptingServer,
    encrypting_server,
    needs_openssl,
)
from tests.data.kept import add_writer, require_all_kept, require_only
from tests.data.replication import superuser
from tests.data.writing import Service, running_function, writing
from tests.stopped_process import stopped
from tests.store_rows import add_user

pytestmark = needs_openssl

LARGE = 6_000_000  # bytes


@pytest.fixture(scope="module")
def encrypting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EncryptingServer]:
    """Run a server for the tests of this file."""
    with encrypting_server(tmp_path_factory.mktemp("encrypting")) as server:
        yield server


def settings(
    encrypting: EncryptingServer, role: str = OWNER, **changes: object
) -> DatabaseSettings:
    """Return how to connect over TLS, with time for a busy machine."""
    found = DatabaseSettings.from_environment(encrypting.environment(role))
    patient = {"connect_timeout": 10.0, "statement_timeout_ms": 20_000}
    return found.model_copy(update=patient | changes)


def hang_up_on(encrypting: EncryptingServer, role: str) -> None:
    """Terminate every connection of a role."""
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    superuser(encrypting.server, f"{ended}WHERE usename = '{role}'")


def function_over_tls(
    encrypting: EncryptingServer, folder: Path, ca: Path | None = None
) -> AbstractContextManager[Service]:
    """Run a function that connects over TLS, for a block."""
    role = function_role("messages")
    return running_function(
        "messages",
        encrypting.cluster,
        folder,
        MINITWIT_DATABASE_URL=encrypting.cluster.tcp_url(role),
        MINITWIT_DATABASE_CA_FILE=str(ca or encrypting.certificate.ca),
    )


@contextmanager
def statement(settings: DatabaseSettings, text: str) -> Iterator[PreparedStatement]:
    """Prepare a statement on a connection of its own."""
    connection, stream = Connector(settings).connect()
    try:
        yield PreparedStatement(connection, stream, text)
    finally:
        disconnect(connection, stream)


def test_every_role_is_connected_by_current_tls(encrypting: EncryptingServer) -> None:
    text = "SELECT usename, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
    text += "WHERE pid = pg_backend_pid()"
    for role in (OWNER, function_role("timeline")):
        with statement(settings(encrypting, role), text) as own:
            assert own.run({}) == [[role, "TLSv1.3"]]


@pytest.mark.parametrize("role", [OWNER, function_role("timeline"), SUPERUSER])
def test_the_server_refuses_to_talk_unencrypted(
    encrypting: EncryptingServer, role: str
) -> None:
    plain = settings(encrypting, role, database_ca_file=None)
    with (
        pytest.raises(DatabaseRefused, match=f'user "{role}".* no encryption'),
        open_admin_connection(plain),
    ):
        pass


@pytest.mark.parametrize("role", [OWNER, function_role("timeline")])
def test_a_role_connects_to_no_other_database(
    encrypting: EncryptingServer, role: str
) -> None:
    url = encrypting.cluster.tcp_url(role, database="postgres")
    with (
        pytest.raises(DatabaseRefused, match='database "postgres"'),
        open_admin_connection(settings(encrypting, role, database_url=url)),
    ):
        pass


def test_the_server_refuses_to_replicate_unencrypted(
    encrypting: EncryptingServer,
) -> None:
    parameters = b"user\0postgres\0replication\0true\0\0"
    # The length, and version 3.0 of the protocol.
    start = pack(">ii", 8 + len(parameters), 3 << 16) + parameters
    with socket.create_connection(("127.0.0.1", encrypting.cluster.port), 10) as plain:
        plain.sendall(start)
        answer = plain.recv(1000)
    assert b"for replication connection" in answer
    assert b'user "postgres", no encryption' in answer


def test_a_large_row_many_rows_and_a_large_parameter_are_whole(
    encrypting: EncryptingServer,
) -> None:
    text = "SELECT repeat('é', :count) || number FROM generate_series(1, :rows) number"
    for count, rows in ((LARGE // 2, 1), (300, LARGE // 600), (4000, 750)):
        with statement(settings(encrypting), text) as many:
            found = many.run({"count": count, "rows": rows})
            assert found == [[f"{'é' * count}{n}"] for n in range(1, rows + 1)]
    with statement(settings(encrypting), "SELECT length(:text)") as large:
        assert large.run({"text": "é" * (LARGE // 2)}) == [[LARGE // 2]]
        # The connection is in step.
        assert large.run({"text": "1"}) == [[1]]


def test_tasks_of_an_event_loop_write_also_after_the_server_has_hung_up(
    encrypting: EncryptingServer,
) -> None:
    store = Store.on(Database(settings(encrypting), event_loop))
    loop = event_loop.EventLoop()
    found: list[int] = []

    def write_and_read() -> None:
        for _ in range(5):
            store.latest.record(5)
            found.append(store.latest.value())

    for _ in range(3):
        found.clear()
        for _ in range(8):
            loop.start(write_and_read)
        while len(found) < 40:
            loop.run_once(1)
        hang_up_on(encrypting, OWNER)
        # The loop hears of it; a write on a lost connection would be lost.
        loop.run_once(1)
    assert set(found) == {5}


def test_an_idle_connection_that_the_server_ended_is_noticed_before_a_write(
    encrypting: EncryptingServer,
) -> None:
    database = Database(settings(encrypting))
    store = Store.on(database)
    add_user(store, "ada")
    for word in ("first", "second"):
        hang_up_on(encrypting, OWNER)
        store.messages.add("ada", word)
    newest = store.messages.recent_json_of("ada", 9)
    assert newest.count("first") == newest.count("second") == 1
    database.close()


def test_a_slow_statement_ends_in_time_and_a_stopped_server_is_noticed(
    encrypting: EncryptingServer,
) -> None:
    hasty = settings(encrypting, statement_timeout_ms=50)
    with statement(hasty, "SELECT pg_sleep(:seconds)::text") as sleep:
        with pytest.raises(Exception, match="statement timeout"):
            sleep.run({"seconds": 60})
        assert sleep.run({"seconds": 0}) == [[""]]
    with statement(hasty, "SELECT pg_backend_pid()") as own:
        [[pid]] = own.run({})
        with stopped(int(pid)), pytest.raises(TimeoutError):
            own.run({})


def test_a_server_without_connections_says_so(encrypting: EncryptingServer) -> None:
    role = function_role("follow")
    superuser(encrypting.server, f"ALTER ROLE {role} CONNECTION LIMIT 0")
    try:
        with (
            pytest.raises(DatabaseRefused, match="too many connections"),
            open_admin_connection(settings(encrypting, role)),
        ):
            pass
    finally:
        superuser(encrypting.server, f"ALTER ROLE {role} CONNECTION LIMIT -1")


def test_a_killed_server_loses_no_acknowledged_write_of_a_function(
    encrypting: EncryptingServer, tmp_path: Path
) -> None:
    add_writer(encrypting.server)
    with (
        function_over_tls(encrypting, tmp_path) as function,
        writing(function) as writer,
    ):
        writer.go_on(20)
        encrypting.server.stop(signal.SIGKILL)
        encrypting.server.start()
        writer.go_on(20)
    require_only(writer.answers, 204, 503)
    require_all_kept(encrypting.server, writer)


@contextmanager
def other_certificate(
    encrypting: EncryptingServer, folder: Path, name: str, days: int
) -> Iterator[Path]:
    """Give the server another certificate for a block; yield its authority's."""
    other = make_certificate(folder, name, days=days)
    encrypting.use(other)
    try:
        yield other.ca
    finally:
        encrypting.use(encrypting.certificate)


def refusal(settings: DatabaseSettings) -> str:
    """Return why a command does not connect."""
    with pytest.raises(StorageUnavailable) as error, open_admin_connection(settings):
        pass
    return str(error.value)


def test_a_server_that_proves_nothing_is_refused_with_what_to_do(
    encrypting: EncryptingServer, tmp_path: Path
) -> None:
    with other_certificate(encrypting, tmp_path / "1", HOST, 1) as ca:
        assert "issuer" in (said := refusal(settings(encrypting)))
        assert "in MINITWIT_DATABASE_CA_FILE" in said
        with open_admin_connection(settings(encrypting, database_ca_file=ca)) as own:
            assert own.run("SELECT 1") == [[1]]
    with other_certificate(encrypting, tmp_path / "2", "elsewhere", 1) as ca:
        said = refusal(settings(encrypting, database_ca_file=ca))
        assert "ismatch" in said
        assert "make one with this name" in said
    with other_certificate(encrypting, tmp_path / "3", HOST, -1) as ca:
        said = refusal(settings(encrypting, database_ca_file=ca))
        assert "has expired): renew it" in said
    server = encrypting.server
    server.stop()
    server.options = ["--ssl=off"]
    server.start()
    try:
        assert "does not offer TLS: set ssl = on" in refusal(settings(encrypting))
    finally:
        server.stop()
        server.options = []
        server.start()


def test_a_function_reports_when_the_certificate_of_its_newest_connection_expires(
    encrypting: EncryptingServer, tmp_path: Path
) -> None:
    later = make_certificate(tmp_path / "later", HOST, days=30)
    both = tmp_path / "both.pem"
    both.write_bytes(later.ca.read_bytes() + encrypting.certificate.ca.read_bytes())
    with function_over_tls(encrypting, tmp_path, both) as function:

        def days_left() -> float:
            hang_up_on(encrypting, function_role("messages"))
            assert function.send("GET", "/msgs").status == 200
            metrics = function.operators_say("/metrics")
            found = re.findall(r"^minitwit_certificate_\w+{.*} (\S+)", metrics, re.M)
            [expiry] = map(float, found)
            return (expiry - time.time()) / 86400

        assert 0 < days_left() <= 1
        encrypting.use(later)
        try:
            assert 29 < days_left() <= 30
        finally:
            encrypting.use(encrypting.certificate)


def test_a_function_logs_why_it_refuses_the_server(
    encrypting: EncryptingServer, tmp_path: Path
) -> None:
    with function_over_tls(encrypting, tmp_path) as function:
        with other_certificate(encrypting, tmp_path / "other", HOST, 1):
            hang_up_on(encrypting, function_role("messages"))
            assert function.send("GET", "/msgs").status == 503
        [log] = tmp_path.glob("messages-*.log")
        assert "The certificate of localhost is refused" in log.read_text()
