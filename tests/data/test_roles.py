"""The database and the roles that a new primary creates (deploy/data/roles.sh)."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.local.postgres import SUPERUSER
from minitwit.errors import DatabaseRefused
from tests.clusters import rows
from tests.data.ensemble import write_secrets
from tests.data.servers import programs, running_server

SCRIPT = Path(__file__).parents[2] / "deploy" / "data" / "roles.sh"


def test_patroni_and_the_keeper_may_create_them_at_once(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        cluster = server.cluster
        secrets = tmp_path / "secrets of the Swarm"
        write_secrets(cluster, secrets)
        environment = {
            "PATH": f"{programs(cluster)}:{os.environ['PATH']}",
            "PGHOST": str(cluster.sockets),
            "PGPASSWORD": cluster.password_file(SUPERUSER).read_text().strip(),
            "PGDATA": str(cluster.data),
            "SECRETS": str(secrets),
        }
        drop = ["psql", "-U", SUPERUSER, "-c", "DROP DATABASE minitwit WITH (FORCE)"]
        subprocess.run([*drop, "postgres"], env=environment, check=True)
        scripts = [
            subprocess.Popen(SCRIPT, env=environment, stderr=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        errors = [script.communicate()[1] for script in scripts]
        assert errors == [""] * 4
        assert [script.returncode for script in scripts] == [0] * 4
        assert rows(cluster, "SELECT current_database()") == [("minitwit",)]
        for call in ("lo_creat(-1)", "lo_create(0)", "lo_from_bytea(0, 'x')"):
            with pytest.raises(DatabaseRefused, match="permission denied"):
                rows(cluster, f"SELECT {call}")
