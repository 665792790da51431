"""Settings: refused with one sentence that names the variable, logged masked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minitwit.errors import InvalidSettings
from minitwit.postgres.address import Address
from minitwit.settings import DatabaseSettings, Settings


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the least that a function needs."""
    keys = tmp_path / "keys"
    keys.write_text("newest-key-that-is-long-enough-to-sign\n" + "o" * 32 + "\n")
    return {
        "MINITWIT_FUNCTION": "messages",
        "MINITWIT_DATABASE_URL": "postgresql://minitwit_timeline@db:5432/minitwit",
        "MINITWIT_SESSION_KEYS_FILE": str(keys),
    }


def refusal(environment: dict[str, str]) -> str:
    """Return the sentence with which the settings are refused."""
    with pytest.raises(InvalidSettings) as error:
        Settings.from_environment(environment)
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


def test_tests_start_without_the_settings_of_the_developers_shell() -> None:
    ours = [name for name in os.environ if name.startswith("MINITWIT_")]
    assert [name for name in ours if not name.startswith("MINITWIT_TEST_")] == []


def test_the_least_environment_is_enough(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment)
    assert settings.function == "messages"
    assert (settings.port, settings.operator_port) == (8000, 8001)
    credential = settings.simulator_credential.get_secret_value()
    assert credential == "simulator:super_safe!"


def test_a_blank_dsn_means_no_sentry(
    environment: dict[str, str], tmp_path: Path
) -> None:
    dsn = tmp_path / "dsn"
    environment["MINITWIT_SENTRY_DSN_FILE"] = str(dsn)
    dsn.write_text("\n")
    assert Settings.from_environment(environment).sentry_dsn is None
    dsn.write_text("https://key@sentry.example/1\n")
    given = Settings.from_environment(environment).sentry_dsn
    assert given and given.get_secret_value() == "https://key@sentry.example/1"


@pytest.mark.parametrize(
    "dsn",
    ["sentry.example", "https://sentry.example/1", "https://key@sentry.example", "-"],
)
def test_a_malformed_dsn_is_refused_without_showing_it(
    environment: dict[str, str], tmp_path: Path, dsn: str
) -> None:
    file = tmp_path / "dsn"
    file.write_text(dsn)
    sentence = refusal(environment | {"MINITWIT_SENTRY_DSN_FILE": str(file)})
    assert sentence.startswith("MINITWIT_SENTRY_DSN: write https://key@host/project")
    assert dsn not in sentence


def test_keys_are_handed_on_oldest_first(environment: dict[str, str]) -> None:
    ring = Settings.from_environment(environment).session_key_ring
    assert ring == ["o" * 32, "newest-key-that-is-long-enough-to-sign"]


@pytest.mark.parametrize(
    "variable", ["MINITWIT_FUNCTION", "MINITWIT_DATABASE_URL", "MINITWIT_SESSION_KEYS"]
)
def test_missing_setting_is_refused_by_its_name(
    environment: dict[str, str], variable: str
) -> None:
    missing = {n: v for n, v in environment.items() if not n.startswith(variable)}
    assert variable in refusal(missing)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MINITWIT_PORT", "http"),
        ("MINITWIT_OPERATOR_PORT", "1.5"),
        ("MINITWIT_CONCURRENCY", "0"),
        ("MINITWIT_DRAIN_SECONDS", "-1"),
        ("MINITWIT_CONNECT_TIMEOUT", "0"),
        ("MINITWIT_STATEMENT_TIMEOUT_MS", "soon"),
        ("MINITWIT_SESSION_DAYS", "0"),
        ("MINITWIT_PORT", "65536"),
        ("MINITWIT_OPERATOR_PORT", "-1"),
        ("MINITWIT_DRAIN_SECONDS", "inf"),
        ("MINITWIT_CONNECT_TIMEOUT", "nan"),
        ("MINITWIT_STATEMENT_TIMEOUT_MS", "9" * 12),
        ("MINITWIT_OTLP_ENDPOINT", "collector"),
        ("MINITWIT_OTLP_ENDPOINT", "collector:4318"),
        ("MINITWIT_OTLP_ENDPOINT", "grpc://collector:4317"),
        ("MINITWIT_OTLP_ENDPOINT", "http://"),
        ("MINITWIT_OTLP_ENDPOINT", "http://collector:4318/?x=1"),
    ],
)
def test_malformed_setting_is_refused_by_its_name(
    environment: dict[str, str], variable: str, value: str
) -> None:
    assert variable in refusal(environment | {variable: value})


@pytest.mark.parametrize(
    "variable",
    [
        "MINITWIT_DATABASE_PASSWORD",
        "MINITWIT_SESSION_KEYS",
        "MINITWIT_SIMULATOR_CREDENTIAL",
        "MINITWIT_SENTRY_DSN",
    ],
)
def test_secret_in_a_variable_is_refused_without_showing_it(
    environment: dict[str, str], variable: str
) -> None:
    sentence = refusal(environment | {variable: "hunter-2" * 5})
    assert f"{variable}_FILE" in sentence
    assert "hunter" not in sentence


def test_unreadable_secret_file_is_refused_by_variable_and_path(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "not-there"
    sentence = refusal(environment | {"MINITWIT_DATABASE_PASSWORD_FILE": str(path)})
    assert "MINITWIT_DATABASE_PASSWORD_FILE" in sentence
    assert str(path) in sentence


def test_secret_file_that_is_no_text_is_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe\x00")
    sentence = refusal(environment | {"MINITWIT_SESSION_KEYS_FILE": str(path)})
    assert "MINITWIT_SESSION_KEYS_FILE" in sentence


@pytest.mark.parametrize("keys", ["", "short", "k" * 32 + "\nshort"])
def test_keys_that_are_too_short_are_refused_without_showing_them(
    environment: dict[str, str], tmp_path: Path, keys: str
) -> None:
    path = tmp_path / "short"
    path.write_text(keys)
    sentence = refusal(environment | {"MINITWIT_SESSION_KEYS_FILE": str(path)})
    assert "MINITWIT_SESSION_KEYS" in sentence
    assert "short" not in sentence.replace(str(path), "")


def test_masked_settings_show_no_secret(
    environment: dict[str, str], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter-2")
    credential = tmp_path / "credential"
    credential.write_text("somebody:hunter-3")
    dsn = tmp_path / "dsn"
    dsn.write_text("https://hunter-4@sentry.example/1")
    environment |= {
        "MINITWIT_DATABASE_PASSWORD_FILE": str(secret),
        "MINITWIT_SIMULATOR_CREDENTIAL_FILE": str(credential),
        "MINITWIT_SENTRY_DSN_FILE": str(dsn),
    }
    settings = Settings.from_environment(environment)
    assert settings.database_password
    assert settings.database_password.get_secret_value() == "hunter-2"
    for shown in (str(settings.masked()), repr(settings)):
        assert "hunter" not in shown
        assert "long-enough" not in shown
        assert "db:5432" in shown


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://ada@db/minitwit", "db", 5432),
        ("postgresql://ada@db:6432/minitwit", "db", 6432),
        ("postgresql://ada@/minitwit?host=/run/postgres", "/run/postgres", 5432),
    ],
)
def test_database_url_is_understood(url: str, host: str, port: int) -> None:
    assert Address.parse(url) == Address("ada", "minitwit", (host,), port)


@pytest.mark.parametrize(
    "url",
    [
        "db",
        "mysql://ada@db/minitwit",
        "postgresql://db/minitwit",
        "postgresql://ada@db",
        "postgresql://ada@/minitwit",
        "postgresql://ada@db:port/minitwit",
        "postgresql://ada@[::1/minitwit",
    ],
)
def test_database_url_that_lacks_a_part_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="MINITWIT_DATABASE_URL"):
        DatabaseSettings.from_environment({"MINITWIT_DATABASE_URL": url})


def test_password_in_the_database_url_is_refused_without_showing_it() -> None:
    url = "postgresql://ada:hunter2@db/minitwit"
    with pytest.raises(InvalidSettings) as error:
        DatabaseSettings.from_environment({"MINITWIT_DATABASE_URL": url})
    assert "MINITWIT_DATABASE_PASSWORD_FILE" in str(error.value)
    assert "hunter" not in str(error.value)


def test_function_refuses_to_start_with_one_sentence(
    environment: dict[str, str],
) -> None:
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    for variable, value in [
        ("MINITWIT_FUNCTION", "message"),
        ("MINITWIT_DATABASE_URL", "nonsense"),
    ]:
        started = subprocess.run(
            [*gunicorn, "--check-config", "minitwit.web.app:create_app()"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **environment, variable: value},
            capture_output=True,
            text=True,
        )
        assert started.returncode != 0
        [sentence] = started.stderr.splitlines()
        assert sentence.startswith(f"minitwit cannot start: {variable}: ")


def test_log_level_that_does_not_exist_is_refused(environment: dict[str, str]) -> None:
    sentence = refusal(environment | {"MINITWIT_LOG_LEVEL": "LOUD"})
    assert "MINITWIT_LOG_LEVEL" in sentence


def test_simulator_credential_without_a_colon_is_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "credential"
    path.write_text("simulator")
    sentence = refusal(environment | {"MINITWIT_SIMULATOR_CREDENTIAL_FILE": str(path)})
    assert "MINITWIT_SIMULATOR_CREDENTIAL" in sentence


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://minitwit.example", "https://minitwit.example"),
        ("https://minitwit.example/", "https://minitwit.example"),
        ("http://127.0.0.1:5000//", "http://127.0.0.1:5000"),
    ],
)
def test_url_of_the_site_has_no_slash_at_its_end(
    environment: dict[str, str], value: str, url: str
) -> None:
    assert Settings.from_environment(environment | {"MINITWIT_URL": value}).url == url


@pytest.mark.parametrize(
    "value",
    [
        "minitwit.example",
        "ftp://minitwit.example",
        "https://",
        "https://minitwit.example/path",
        "https://minitwit.example?x=y",
        "https://ada@minitwit.example",
        "https://mini twit.example",
    ],
)
def test_url_that_is_no_origin_is_refused(
    environment: dict[str, str], value: str
) -> None:
    assert "MINITWIT_URL" in refusal(environment | {"MINITWIT_URL": value})


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_collector_endpoint_may_end_in_slashes(
    environment: dict[str, str], end: str
) -> None:
    given = environment | {"MINITWIT_OTLP_ENDPOINT": f"http://collector:4318{end}"}
    settings = Settings.from_environment(given)
    assert settings.otlp_endpoint == "http://collector:4318"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", ""])
def test_secret_file_may_have_a_byte_order_mark(
    environment: dict[str, str], tmp_path: Path, line_end: str
) -> None:
    path = tmp_path / "credential"
    path.write_bytes(b"\xef\xbb\xbf" + f"simulator:secret{line_end}".encode())
    given = environment | {"MINITWIT_SIMULATOR_CREDENTIAL_FILE": str(path)}
    credential = Settings.from_environment(given).simulator_credential
    assert credential.get_secret_value() == "simulator:secret"


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("postgresql://ada@db/mini%2Dtwit", "mini-twit"),
        ("postgresql://ada@db/mini%20twit", "mini twit"),
        ("postgresql://ada%40home@db/%C3%A6", "æ"),
    ],
)
def test_database_name_is_percent_decoded(url: str, database: str) -> None:
    assert Address.parse(url).database == database


def test_one_host_of_several_has_a_url_of_its_own() -> None:
    several = Address.parse("postgresql://a%40b@one,two:6432/mini%20twit")
    two = Address.parse(several.url("two"))
    assert two == Address("a@b", "mini twit", ("two",), 6432)
    folder = Address.parse("postgresql://ada@/minitwit?host=/tmp/one,/tmp/two")
    assert Address.parse(folder.url("/tmp/two")).hosts == ("/tmp/two",)  # noqa: S108


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("postgresql://ada@db/minitwit?sslmode=require", "sslmode"),
        ("postgresql://ada@/minitwit?host=/run&port=5433", "port"),
        ("postgresql://ada@db/minitwit?connect_timeout=", "connect_timeout"),
        ("postgresql://ada@db/minitwit?Host=/run", "Host"),
        ("postgresql://ada@db/minitwit#x", "#x"),
    ],
)
def test_unknown_part_of_the_database_url_is_refused(url: str, part: str) -> None:
    with pytest.raises(InvalidSettings, match=f"MINITWIT_DATABASE_URL: .*{part}"):
        DatabaseSettings.from_environment({"MINITWIT_DATABASE_URL": url})


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_file_without_the_certificate_of_an_authority_is_refused(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    url = "postgresql://ada@db/minitwit"
    variable = "MINITWIT_DATABASE_CA_FILE"
    with pytest.raises(InvalidSettings, match=f"{variable}: {file} has to hold"):
        DatabaseSettings.from_environment(
            {"MINITWIT_DATABASE_URL": url, variable: str(file)}
        )
