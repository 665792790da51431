"""The environment of the local run's children: an allow-list."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.configuration import function_environment
from deploy.local.environment import caller_settings, child_environment
from deploy.local.minitwit_commands import environment
from deploy.local.paths import Paths
from deploy.local.postgres import Cluster

# Variables that the programs, and libraries in them, read by themselves.
FOREIGN = (
    *("PGPORT", "PGHOST", "PGDATA", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPASSFILE"),
    *("PGSERVICE", "PGSSLMODE", "PGOPTIONS", "PGTZ", "PGAPPNAME", "PGCLIENTENCODING"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONSTARTUP"),
    *(
        "PYTHONIOENCODING",
        "PYTHONUTF8",
        "PYTHONDEVMODE",
        "PYTHONMALLOC",
        "PYTHONSAFEPATH",
    ),
    *("LANG", "LC_MESSAGES", "LC_NUMERIC", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "NO_PROXY"),
    *("OTEL_TRACES_SAMPLER", "OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    *("SENTRY_DSN", "SENTRY_RELEASE", "SENTRY_ENVIRONMENT", "GUNICORN_CMD_ARGS"),
    *("TRAEFIK_LOG_LEVEL", "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS", "GODEBUG", "GOMAXPROCS"),
    *("WEB_CONCURRENCY", "PORT", "PROMETHEUS_MULTIPROC_DIR", "SUPERVISOR_ENABLED"),
    *("LD_PRELOAD", "LD_LIBRARY_PATH", "MALLOC_ARENA_MAX", "BASH_ENV", "ENV"),
    *("MINITWIT_DATABASE_READ_URL", "MINITWIT_DATABASE_CA_FILE", "MINITWIT_URL"),
    "MINITWIT_INSTALLATION",
)


@pytest.fixture(autouse=True)
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FOREIGN:
        monkeypatch.setenv(name, "hostile")
    monkeypatch.setenv("MINITWIT_CONCURRENCY", "4")
    monkeypatch.setenv("MINITWIT_DATABASE_URL", "postgresql://hostile@h/production")


def test_no_foreign_variable_reaches_a_child(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "data", tmp_path / "secrets", tmp_path / "sockets")
    for variables in (
        child_environment(),
        function_environment(Paths(tmp_path)),
        environment(cluster),
    ):
        assert not set(FOREIGN) & set(variables)
        assert "hostile" not in " ".join(variables.values())


def test_the_callers_settings_reach_the_functions_and_nothing_else(
    tmp_path: Path,
) -> None:
    assert caller_settings()["MINITWIT_CONCURRENCY"] == "4"
    assert function_environment(Paths(tmp_path))["MINITWIT_CONCURRENCY"] == "4"
    assert "MINITWIT_CONCURRENCY" not in child_environment()


def test_a_child_starts_in_utf8() -> None:
    script = "import sys; print(sys.stdout.encoding, '…')"
    said = subprocess.run(
        [sys.executable, "-c", script], env=child_environment(), capture_output=True
    )
    assert said.stdout.decode() == "utf-8 …\n"
