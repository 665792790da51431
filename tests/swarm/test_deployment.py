"""A deployment from nothing: closed ports, small containers, no root."""

import json
import re
import socket

import httpx
import pytest

from tests.functions import FUNCTIONS
from tests.swarm.installation import SERVICES, Installation
from tests.swarm.shell import CommandFailed

INTERNAL = {
    "functions": 8000,
    "operators": 8001,
    "edge": 8082,
    "database": 5432,
    "backups": 2222,
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_with_little_around_it(
    swarm: Installation, function: str
) -> None:
    """Its container has no root, nothing to write on, no pip and no compiler."""
    docker = swarm.application.docker
    container = swarm.containers(f"minitwit_{function}")[0]
    assert docker("exec", container, "id", "-u") == "10001"
    for command in (
        ("touch", "/app/file"),
        ("python3", "-m", "pip", "--version"),
        ("gcc", "--version"),
        ("python3", "-c", "import minitwit_cli"),
        *(("python3", "-c", f"import {name}") for name in ("click", "httpx", "rich")),
    ):
        with pytest.raises(CommandFailed):
            docker("exec", container, *command)


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_gains_no_privileges_and_its_image_is_pinned(
    swarm: Installation, service: str
) -> None:
    """A setuid program gives it nothing, and a tag that moves changes nothing."""
    task = swarm.inspect("service", service)["Spec"]["TaskTemplate"]
    assert re.search("@sha256:[0-9a-f]{64}$", task["ContainerSpec"]["Image"])
    found = {
        node: containers
        for node in (swarm.application, swarm.tool)
        if (containers := swarm.containers(service, node))
    }
    assert found
    for node, containers in found.items():
        pid = node.docker("inspect", "--format", "{{.State.Pid}}", containers[0])
        status = node.engine.inside("cat", f"/proc/{pid}/status")
        assert "NoNewPrivs:\t1" in status


def test_the_database_runs_with_little_around_it(swarm: Installation) -> None:
    """No root, no pip, no compiler, and no key that every installation would share."""
    docker = swarm.application.docker
    [container] = swarm.containers("data_postgres")
    assert docker("exec", container, "id", "-u") == "999"
    assert "migrate" in docker("exec", container, "minitwit", "--help")
    for command in (
        ("touch", "/opt/data/file"),
        ("python3", "-m", "pip", "--version"),
        ("gcc", "--version"),
        ("bash", "-c", "ls /etc/ssh/ssh_host_*"),
    ):
        with pytest.raises(CommandFailed):
            docker("exec", container, *command)


def test_images_tell_their_version_and_differ_in_one_layer(swarm: Installation) -> None:
    """The four functions share every layer but the one with their own code."""
    docker = swarm.application.docker
    names = [f"{swarm.registry}/minitwit-{f}:{swarm.versions.first}" for f in FUNCTIONS]
    images = json.loads(docker("image", "inspect", *names))
    for function, image in zip(FUNCTIONS, images, strict=True):
        labels = image["Config"]["Labels"]
        assert labels["org.opencontainers.image.version"] == swarm.versions.first
        assert f"MINITWIT_VERSION={swarm.versions.first}" in image["Config"]["Env"]
        assert f"MINITWIT_FUNCTION={function}" in image["Config"]["Env"]
    shared = {tuple(image["RootFS"]["Layers"][:-1]) for image in images}
    assert len(shared) == 1


@pytest.mark.parametrize("name", INTERNAL)
def test_what_is_internal_cannot_be_reached(swarm: Installation, name: str) -> None:
    """Only the edge's two ports answer the world."""
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex((swarm.application.address, INTERNAL[name])) != 0


def test_https_is_served(swarm: Installation) -> None:
    """The edge serves TLS, with its own certificate when no ACME e-mail is set."""
    url = f"https://{swarm.application.address}/latest"
    with httpx.Client(verify=False, trust_env=False) as client:  # noqa: S501
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /v1.41/services", 200),
        ("HEAD /_ping", 200),
        ("GET /v1.41/secrets", 403),
        ("GET /v1.41/services/x/logs", 403),
        ("POST /v1.41/services/create", 403),
        ("DELETE /v1.41/services/x", 403),
    ],
)
def test_the_edge_may_read_what_runs_and_nothing_else(
    swarm: Installation, request_line: str, status: int
) -> None:
    """The socket proxy lets through what Traefik asks for."""
    docker = swarm.application.docker
    traefik = swarm.containers("edge_traefik")[0]
    ask = (
        f"printf '{request_line} HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n'"
        " | { nc socket-proxy 2375 2>/dev/null || bash -c"
        " 'exec 3<>/dev/tcp/socket-proxy/2375; cat >&3; head -n 1 <&3'; }"
    )
    assert f" {status} " in docker("exec", traefik, "sh", "-c", ask).splitlines()[0]
