"""Traefik's configuration, as the local run generates it."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local.replicas import ONE_EACH, make_replicas
from deploy.local.traefik import dynamic_configuration, static_configuration
from minitwit.web.routes import FUNCTIONS
from minitwit.web.traefik_rules import traefik_priority, traefik_rule

REPLICAS = make_replicas({**ONE_EACH, "timeline": 2}, [], range(1000, 1100))


@pytest.fixture
def http() -> dict[str, Any]:
    content: dict[str, Any] = dynamic_configuration(REPLICAS)["http"]
    return content


@pytest.fixture
def static() -> dict[str, Any]:
    return static_configuration(
        5000, 9000, Path("/x/routes.yml"), Path("/x/access.log")
    )


def test_every_function_has_a_router_with_its_rule_and_an_explicit_priority(
    http: dict[str, Any],
) -> None:
    assert set(http["routers"]) == set(FUNCTIONS)
    for function, router in http["routers"].items():
        assert router["rule"] == traefik_rule(function)
        assert router["priority"] == traefik_priority(function) > 0
        assert router["service"] == function
        assert router["entryPoints"] == ["web"]


def test_no_two_routers_share_a_priority(http: dict[str, Any]) -> None:
    priorities = [router["priority"] for router in http["routers"].values()]
    assert len(set(priorities)) == len(FUNCTIONS)


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


def test_every_middleware_and_transport_that_is_named_exists(
    http: dict[str, Any],
) -> None:
    for router in http["routers"].values():
        assert set(router["middlewares"]) <= set(http["middlewares"])
    for service in http["services"].values():
        assert service["loadBalancer"]["serversTransport"] in http["serversTransports"]


def test_a_function_that_hangs_is_given_up_in_time(http: dict[str, Any]) -> None:
    (transport,) = http["serversTransports"].values()
    assert transport["forwardingTimeouts"] == {
        "dialTimeout": "2s",
        "responseHeaderTimeout": "10s",
    }


def test_everything_listens_on_the_loopback_only(static: dict[str, Any]) -> None:
    addresses = {e["address"] for e in static["entryPoints"].values()}
    assert addresses == {"127.0.0.1:5000", "127.0.0.1:9000"}
    # Without an entry point of their own these two would open port 8080 to the world.
    assert static["ping"]["entryPoint"] == "traefik"
    assert static["metrics"]["prometheus"]["entryPoint"] == "traefik"


def test_no_entry_point_lets_a_header_pass_for_another(static: dict[str, Any]) -> None:
    for entry_point in static["entryPoints"].values():
        assert entry_point["http"]["aliasHeadersStrategy"] == "delete"
        assert "forwardedHeaders" not in entry_point
