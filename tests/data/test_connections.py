"""Replicas whose requests need more connections than PostgreSQL has, or opens."""

from contextlib import ExitStack
from pathlib import Path

from tests.data.kept import add_writer, require_all_kept, require_only
from tests.data.replication import superuser
from tests.data.servers import running_server
from tests.data.writing import running_function, writing
from tests.stopped_process import stopped

_CONNECTIONS = 16  # Three of them are for superusers.
_REPLICAS = 3
_WRITERS = 6  # for each replica


def test_no_request_fails_while_postgresql_has_no_connection_left(
    tmp_path: Path,
) -> None:
    options = [f"--max_connections={_CONNECTIONS}"]
    with running_server(tmp_path, options) as server:
        add_writer(server)
        with ExitStack() as load:
            replicas = [
                load.enter_context(
                    running_function("messages", server.cluster, tmp_path)
                )
                for _ in range(_REPLICAS)
            ]
            writers = [
                load.enter_context(writing(replica))
                for replica in replicas
                for _ in range(_WRITERS)
            ]
            for writer in writers:
                writer.go_on(20)
            [[used]] = superuser(
                server,
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE usename = 'minitwit_messages'",
            )
        assert used == _CONNECTIONS - 3
        for writer in writers:
            require_only(writer.answers, 204)
            require_all_kept(server, writer)


def test_no_request_fails_while_postgresql_opens_no_connection(tmp_path: Path) -> None:
    """As on a machine that is too busy to open one in time."""
    with running_server(tmp_path) as server:
        add_writer(server)
        with ExitStack() as load:
            replica = load.enter_context(
                running_function("messages", server.cluster, tmp_path)
            )
            # It opens connections; those that are open are served. The replica has the
            # one by which it was ready, and gets no other.
            file = server.cluster.data / "postmaster.pid"
            with stopped(int(file.read_text().split()[0])):
                writers = [
                    load.enter_context(writing(replica)) for _ in range(_WRITERS)
                ]
                for writer in writers:
                    writer.go_on(20)
        for writer in writers:
            require_only(writer.answers, 204)
            require_all_kept(server, writer)
