"""Traefik's configuration in the local run."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.edge.traefik_rules import (
    limited_rule,
    serves_simulator,
    traefik_priority,
    traefik_rule,
)
from deploy.local.configuration import EDGE
from deploy.local.errors import LocalRunError
from deploy.local.replicas import ONE_EACH, make_replicas
from deploy.local.traefik import (
    dynamic_configuration,
    limits_configuration,
    static_configuration,
    tracing_configuration,
)
from minitwit.server.connection import REQUEST_TIMEOUT
from minitwit.web.address_limits import (
    MAX_IN_FLIGHT_VARIABLE,
    SIGN_IN,
    SIMULATOR_VARIABLE,
)
from minitwit.web.routes import FUNCTIONS, ROUTES

REPLICAS = make_replicas({**ONE_EACH, "timeline": 2}, [], range(1000, 1100))


@pytest.fixture
def http() -> dict[str, Any]:
    content: dict[str, Any] = dynamic_configuration(REPLICAS)["http"]
    return content


@pytest.fixture
def static() -> dict[str, Any]:
    return static_configuration(5000, 9000, Path("/x/dynamic"), Path("/x/access.log"))


def test_every_function_has_a_router_with_its_rule_and_an_explicit_priority(
    http: dict[str, Any],
) -> None:
    for function in FUNCTIONS:
        router = http["routers"][function]
        assert router["rule"] == traefik_rule(function)
        assert router["priority"] == traefik_priority(function) > 0
        assert router["service"] == function
        assert router["entryPoints"] == ["web", "newtrace"]


def test_no_two_functions_share_a_priority(http: dict[str, Any]) -> None:
    priorities = [http["routers"][function]["priority"] for function in FUNCTIONS]
    assert len(set(priorities)) == len(FUNCTIONS)


def test_limited_routes_come_before_all_routes_of_their_function(
    http: dict[str, Any],
) -> None:
    functions = [http["routers"][function]["priority"] for function in FUNCTIONS]
    limited = set(http["routers"]) - set(FUNCTIONS)
    assert limited == {"register-sign-in", "register-sign-up"}
    for name in limited:
        router = http["routers"][name]
        assert router["priority"] - 2 == http["routers"]["register"]["priority"]
        assert router["priority"] not in functions
        assert router["service"] == "register"


def test_every_route_with_a_limit_is_matched_and_no_other() -> None:
    rule = limited_rule("register", SIGN_IN)
    assert "(PathRegexp(`^/login/?$`) && Method(`POST`))" in rule
    assert "/logout" not in rule
    limited = {route.path for route in ROUTES if route.limit}
    assert not [path for path in limited if "{" in path], "a literal path hides none"


def test_limits_are_productions_unless_a_variable_says_otherwise() -> None:
    def average(environment: dict[str, str]) -> dict[str, int]:
        middlewares = limits_configuration(environment)["http"]["middlewares"]
        return {
            name: middlewares[name]["rateLimit"]["average"]
            for name in ("sign-in", "sign-up")
        }

    assert average({}) == {"sign-in": 10, "sign-up": 30}
    assert average({SIGN_IN.variable: "0"}) == {"sign-in": 0, "sign-up": 30}


@pytest.mark.parametrize("text", ["-1", "many", "1.5", "٣"])
def test_an_invalid_limit_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(LocalRunError, match=r"SIGN_INS_PER_MINUTE: .* 0 for no limit"):
        limits_configuration({SIGN_IN.variable: text})


def test_requests_in_flight_are_limited_unless_they_are_the_simulators(
    http: dict[str, Any],
) -> None:
    environment = {SIMULATOR_VARIABLE: "10.1.0.0/16", MAX_IN_FLIGHT_VARIABLE: "7"}
    limits = limits_configuration(environment)["http"]
    for function in FUNCTIONS:
        name = f"{function}-in-flight"
        limit = limits["middlewares"][name]["inFlightReq"]
        assert limit["amount"] == 7
        assert http["routers"][function]["middlewares"][1] == name
    simulators = set(filter(serves_simulator, FUNCTIONS))
    assert simulators == {"register", "messages", "follow"}
    assert set(limits["routers"]) == {f"{name}-simulator" for name in simulators}
    for function in simulators:
        router = limits["routers"][f"{function}-simulator"]
        assert router["rule"].startswith("ClientIP(`10.1.0.0/16`) && (")
        assert router["middlewares"] == ["default"]
        assert router["priority"] == traefik_priority(function) + 1


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "٣"])
def test_an_invalid_number_in_flight_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(LocalRunError, match=r"REQUESTS_IN_FLIGHT: .* a number of"):
        limits_configuration({MAX_IN_FLIGHT_VARIABLE: text})


@pytest.mark.parametrize("text", ["example.org", "10.0.0", "10.0.0.1`) || Path(`/"])
def test_an_invalid_address_of_the_simulator_is_refused(text: str) -> None:
    with pytest.raises(LocalRunError, match=r"SIMULATOR_ADDRESS: .* is no address"):
        limits_configuration({SIMULATOR_VARIABLE: text})


def test_a_functions_408_comes_before_the_edge_hangs_up(static: dict[str, Any]) -> None:
    time_outs = static["entryPoints"]["web"]["transport"]["respondingTimeouts"]
    assert float(time_outs["readTimeout"].removesuffix("s")) > REQUEST_TIMEOUT + 2


def test_every_replica_is_a_server_of_its_function(http: dict[str, Any]) -> None:
    servers = {
        function: [server["url"] for server in service["loadBalancer"]["servers"]]
        for function, service in http["services"].items()
    }
    assert len(servers["timeline"]) == 2
    assert servers == {
        function: [
            f"http://127.0.0.1:{replica.port}"
            for replica in REPLICAS
            if replica.function == function
        ]
        for function in FUNCTIONS
    }


def test_every_middleware_and_transport_that_is_named_is_productions(
    http: dict[str, Any],
) -> None:
    production = yaml.safe_load(EDGE.read_text(encoding="utf-8"))["http"]
    limits = set(limits_configuration({})["http"]["middlewares"])
    for router in http["routers"].values():
        assert router["middlewares"][0] == "default"
        assert set(router["middlewares"]) <= set(production["middlewares"]) | limits
    for service in http["services"].values():
        transport = service["loadBalancer"]["serversTransport"]
        assert transport in production["serversTransports"]


@pytest.mark.parametrize(
    ("share", "rate"), [("", 0.1), ("0", 0), ("1", 1), ("0.25", 0.25), ("1e-3", 0.001)]
)
def test_a_share_of_the_requests_is_traced(share: str, rate: float) -> None:
    environment = {
        "MINITWIT_OTLP_ENDPOINT": "http://collector:4318/",
        "MINITWIT_TRACE_SHARE": share,
    }
    tracing = tracing_configuration(environment)["tracing"]
    assert tracing["sampleRate"] == rate
    assert tracing["otlp"]["http"]["endpoint"] == "http://collector:4318/v1/traces"


@pytest.mark.parametrize("share", ["10%", "0,1", "ten", "-0.1", "1.5", "nan", "inf"])
def test_an_invalid_share_is_refused_with_a_sentence(share: str) -> None:
    with pytest.raises(LocalRunError, match=r"MINITWIT_TRACE_SHARE: .* write a tenth"):
        tracing_configuration({"MINITWIT_TRACE_SHARE": share})


def test_everything_listens_on_the_loopback_only(static: dict[str, Any]) -> None:
    addresses = {e["address"] for e in static["entryPoints"].values()}
    assert addresses == {"127.0.0.1:5000", "127.0.0.2:5000", "127.0.0.1:9000"}
    # Without an entry point of their own these two would open port 8080 to the world.
    assert static["ping"]["entryPoint"] == "traefik"
    assert static["metrics"]["prometheus"]["entryPoint"] == "traefik"


def test_no_entry_point_accepts_aliases_of_headers(static: dict[str, Any]) -> None:
    for name, entry_point in static["entryPoints"].items():
        assert entry_point["http"]["aliasHeadersStrategy"] == "delete"
        trusted = entry_point.get("forwardedHeaders", {}).get("trustedIPs", [])
        # What Traefik sends to itself.
        assert trusted == (["127.0.0.1"] if name == "newtrace" else [])
