"""The stack files say what the code says, and nothing that must not be in them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.edge.traefik_rules import (
    limited_rule,
    serves_simulator,
    simulator_rule,
    traefik_priority,
    traefik_rule,
)
from deploy.local.traefik import (
    ENVIRONMENT,
    LOGGED,
    TIMEOUTS,
    limits_configuration,
)
from minitwit.postgres.roles import function_role, password_file_name
from minitwit.web.address_limits import (
    LIMITS,
    MAX_IN_FLIGHT,
    MAX_IN_FLIGHT_VARIABLE,
    NO_SIMULATOR,
    SIMULATOR_VARIABLE,
)
from minitwit.web.routes import FUNCTIONS

ROOT = Path(__file__).parents[2]
FILES = ("stack.yml", "deploy/edge/stack.yml", "deploy/data/stack.yml")
JOBS = ("migrate",)


def _stack(file: str) -> dict[str, Any]:
    stack: dict[str, Any] = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    return stack


def _services(*files: str) -> list[tuple[str, dict[str, Any]]]:
    return [item for file in files for item in _stack(file)["services"].items()]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_router_has_the_rule_of_the_route_table(function: str) -> None:
    """YAML and Swarm read the rule that Traefik has in the local run."""
    labels = _stack("stack.yml")["services"][function]["deploy"]["labels"]
    router = f"traefik.http.routers.{function}"
    rule = labels[f"{router}.rule"].replace("$$", "$")
    assert rule == traefik_rule(function)
    assert labels[f"{router}.priority"] == str(traefik_priority(function))


def test_limits_are_those_of_the_local_run() -> None:
    """Swarm's labels and the file of the local run configure the same middlewares."""
    labels = _stack("stack.yml")["services"]["register"]["deploy"]["labels"]
    middlewares = limits_configuration({})["http"]["middlewares"]
    for limit in LIMITS:
        [router] = [
            label.removesuffix(".middlewares")
            for label, value in labels.items()
            if str(value).endswith(f"throttled,{limit.name}")
        ]
        rule = labels[f"{router}.rule"].replace("$$", "$")
        assert rule == limited_rule("register", limit)
        default = f"${{{limit.variable}:-{limit.per_minute}}}"
        options = middlewares[limit.name]["rateLimit"]
        prefix = f"traefik.http.middlewares.{limit.name}.ratelimit"
        assert labels[f"{prefix}.average"] == default
        assert labels[f"{prefix}.burst"] == str(options["burst"])
        assert labels[f"{prefix}.period"] == options["period"]
        assert labels[f"{prefix}.sourcecriterion.ipstrategy.ipv6subnet"] == "64"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_requests_in_flight_are_limited_on_every_router_but_the_simulators(
    function: str,
) -> None:
    labels = _stack("stack.yml")["services"][function]["deploy"]["labels"]
    name = f"{function}-in-flight"
    prefix = f"traefik.http.middlewares.{name}.inflightreq"
    default = f"${{{MAX_IN_FLIGHT_VARIABLE}:-{MAX_IN_FLIGHT}}}"
    assert labels[f"{prefix}.amount"] == default
    assert labels[f"{prefix}.sourcecriterion.ipstrategy.ipv6subnet"] == "64"
    routers = {
        label.split(".")[3]
        for label in labels
        if label.startswith("traefik.http.routers.")
    }
    simulator = f"{function}-simulator"
    assert (simulator in routers) == serves_simulator(function)
    for router in routers - {simulator}:
        middlewares = labels[f"traefik.http.routers.{router}.middlewares"]
        assert middlewares.split(",")[0] == name


@pytest.mark.parametrize("function", [f for f in FUNCTIONS if serves_simulator(f)])
def test_the_simulators_router_has_the_rule_of_the_route_table(function: str) -> None:
    labels = _stack("stack.yml")["services"][function]["deploy"]["labels"]
    router = f"traefik.http.routers.{function}-simulator"
    default = f"${{{SIMULATOR_VARIABLE}:-{NO_SIMULATOR}}}"
    rule = labels[f"{router}.rule"].replace("$$", "$")
    assert rule == simulator_rule(function, default)
    assert int(labels[f"{router}.priority"]) == traefik_priority(function) + 1
    assert f"{router}.middlewares" not in labels


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_connects_as_its_own_role_with_its_own_password(
    function: str,
) -> None:
    """The migration gives the role the password that the function has."""
    service = _stack("stack.yml")["services"][function]
    url = service["environment"]["MINITWIT_DATABASE_URL"]
    assert url.startswith(f"postgresql://{function_role(function)}@")
    passwords = {
        secret["source"]: secret["target"]
        for secret in service["secrets"]
        if "password" in secret["source"]
    }
    assert passwords == {f"{function}_password": "database_password"}
    migration = _stack("deploy/data/stack.yml")["services"]["migrate"]
    target = password_file_name(function_role(function))
    given = {"source": f"{function}_password", "target": target}
    assert given in migration["secrets"]
    assert migration["environment"]["MINITWIT_ROLE_PASSWORDS"] == "/run/secrets"


def test_every_function_is_a_service_of_its_own_image() -> None:
    """A function's directory, service and image have one name."""
    services = _stack("stack.yml")["services"]
    assert set(services) == set(FUNCTIONS), "run `make generate`"
    for function, service in services.items():
        image = rf"/minitwit-{function}:\${{VERSION:\?[^}}]+}}"
        digest = rf"\${{DIGEST_{function.upper()}:-}}"
        assert re.search(f"{image}{digest}$", service["image"])


def test_operators_routers_come_before_those_of_the_functions() -> None:
    """Grafana's sign-in and Traefik's API have paths that a function has too."""
    operators = [
        int(value)
        for file in ("deploy/edge/stack.yml", "deploy/tools/stack.yml")
        for service in _stack(file)["services"].values()
        for label, value in service["deploy"].get("labels", {}).items()
        if label.endswith(".priority")
    ]
    assert operators
    # The routers of limited routes are two above.
    assert min(operators) > max(map(traefik_priority, FUNCTIONS)) + 2


@pytest.mark.parametrize("file", FILES)
def test_no_version_has_a_default(file: str) -> None:
    """A forgotten VERSION is an error, never a surprise."""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "${VERSION}" not in text
    assert "${VERSION:-" not in text


@pytest.mark.parametrize(("name", "service"), _services(*FILES))
def test_every_service_can_do_little_and_grow_little(
    name: str, service: dict[str, Any]
) -> None:
    """No capability, no writable image, bounded memory, rotated logs, no mesh."""
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["logging"]["options"]["max-size"]
    assert service["deploy"]["endpoint_mode"] == "dnsrr"
    assert service["deploy"]["placement"]["constraints"]
    assert "healthcheck" in service or name == "socket-proxy"


@pytest.mark.parametrize(("name", "service"), _services("stack.yml"))
def test_every_function_is_replaced_without_a_gap(
    name: str, service: dict[str, Any]
) -> None:
    """A new replica is up before an old one goes; what does not come up is undone."""
    update = service["deploy"]["update_config"]
    assert (update["order"], update["failure_action"]) == ("start-first", "rollback")
    # Swarm itself would pause, with two versions running.
    assert service["deploy"]["rollback_config"]["failure_action"] == "continue"
    health = service["healthcheck"]
    unhealthy_after = _seconds(health["interval"]) * health["retries"]
    assert _seconds(update["monitor"]) >= unhealthy_after


def test_the_edge_logs_and_collects_garbage_as_the_local_one_does() -> None:
    """What is tested and measured without Docker is what runs in production."""
    traefik = _stack("deploy/edge/stack.yml")["services"]["traefik"]
    names = re.findall(r"--accesslog\.fields\.names\.(\w+)=keep", str(traefik))
    assert tuple(names) == LOGGED
    assert "--accesslog.fields.defaultmode=drop" in traefik["command"]
    no_queries = "--accesslog.fields.queryparameters.defaultmode=drop"
    assert no_queries in traefik["command"]
    assert traefik["environment"] == ENVIRONMENT


@pytest.mark.parametrize("entry_point", ["web", "websecure"])
def test_the_edge_has_the_time_outs_of_the_local_one(entry_point: str) -> None:
    command = _stack("deploy/edge/stack.yml")["services"]["traefik"]["command"]
    prefix = f"--entrypoints.{entry_point}.transport.respondingtimeouts"
    for name, seconds in TIMEOUTS.items():
        assert f"{prefix}.{name.lower()}={seconds}" in command


# The networks of each service, and the account that its container runs as, where that
# is not the image's own. Root has no capability here, and owns what these two read.
_FUNCTION = {"edge", "data", "telemetry"}
_PLACES: dict[str, tuple[set[str], str | None]] = {
    **dict.fromkeys(FUNCTIONS, (_FUNCTION, None)),
    "traefik": ({"edge", "operators", "telemetry", "socket"}, "65532:65532"),
    "socket-proxy": ({"socket"}, "0:0"),
    **dict.fromkeys(("postgres", "standby"), ({"data", "consensus"}, "999:999")),
    **dict.fromkeys(("etcd-1", "etcd-2", "etcd-3"), ({"consensus"}, "999:999")),
    "backups": ({"data"}, "999:999"),
    "migrate": ({"data"}, None),
    "collector": ({"telemetry", "tools"}, None),
    "collector-agent": ({"telemetry"}, "0:0"),
    "prometheus": ({"operators", "telemetry", "tools", "data"}, None),
    **dict.fromkeys(
        ("alertmanager", "grafana", "kibana"), ({"operators", "tools"}, None)
    ),
    **dict.fromkeys(("elasticsearch", "provision", "node-exporter"), ({"tools"}, None)),
    **dict.fromkeys(
        ("postgres-exporter", "standby-exporter"), ({"data", "tools"}, None)
    ),
}


def test_each_service_has_its_account_and_reaches_its_networks_only() -> None:
    services = _services(*FILES, "deploy/tools/stack.yml")
    found = {
        name: (set(service["networks"]), service.get("user"))
        for name, service in services
    }
    assert found == _PLACES
    for _, service in services:
        assert not {"cap_add", "privileged", "devices", "network_mode"} & set(service)


_OF_A_SERVER = {
    *("superuser_password", "owner_password", "monitor_password"),
    *("database_ca", "database_certificate", "backup_repository", "backup_key"),
}
_SECRETS = {
    **{
        function: {f"{function}_password", "database_ca", "session_keys", "sentry_dsn"}
        for function in FUNCTIONS
    },
    "postgres": _OF_A_SERVER,
    "standby": _OF_A_SERVER,
    "backups": {"backup_key"},
    "migrate": {
        *("owner_password", "database_ca"),
        *(f"{function}_password" for function in FUNCTIONS),
    },
    "alertmanager": {"chat_webhook", "dead_mans_switch"},
    "grafana": {"grafana_password"},
    "postgres-exporter": {"monitor_password", "database_ca"},
    "standby-exporter": {"monitor_password", "database_ca"},
}


def test_each_service_has_the_secrets_that_it_needs_only() -> None:
    found = {
        name: {
            secret if isinstance(secret, str) else secret["source"]
            for secret in service["secrets"]
        }
        for name, service in _services(*FILES, "deploy/tools/stack.yml")
        if "secrets" in service
    }
    assert found == _SECRETS


def test_no_image_of_ours_runs_as_root() -> None:
    for file in sorted(ROOT.glob("deploy/**/Dockerfile")):
        users = re.findall(r"^USER (\d+):\d+$", file.read_text(), re.MULTILINE)
        assert users and int(users[-1]) > 0, file


def test_only_the_edge_is_reachable_from_outside() -> None:
    """No other service publishes a port, and the edge keeps callers' addresses."""
    published = {
        name: service["ports"]
        for name, service in _services(*FILES)
        if "ports" in service
    }
    assert set(published) == {"traefik"}
    assert {port["mode"] for port in published["traefik"]} == {"host"}


@pytest.mark.parametrize("file", FILES)
def test_a_renamed_stack_finds_its_volumes_and_secrets(file: str) -> None:
    """Volumes and secrets are external and have names that no stack's name changes."""
    stack = _stack(file)
    for kind in ("volumes", "secrets"):
        for item in stack.get(kind, {}).values():
            assert item["external"] is True
            assert item["name"]


def _seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1])


@pytest.mark.parametrize("file", [*FILES, "deploy/tools/stack.yml"])
def test_no_message_of_a_required_variable_has_a_hyphen(file: str) -> None:
    """`docker stack deploy` takes a hyphen in a message for the mark of a default."""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not re.findall(r"\$\{\w+:?\?[^}]*-[^}]*\}", text)
