"""Queries to the monitoring tools, from inside their closed networks."""

import base64
from dataclasses import dataclass

from tests.swarm.installation import Installation
from tests.swarm.shell import CommandFailed
from tests.tools.monitoring import Prometheus
from tests.tools.receivers import Receiver


@dataclass(frozen=True)
class SwarmPrometheus(Prometheus):
    """The Prometheus of an installation."""

    swarm: Installation

    def _read(self, path: str) -> str:
        return _ask(self.swarm, "tools_prometheus", f"{self.url}{path}")


def fresh(metric: str) -> str:
    """Leave out what a Prometheus that lost its power shows for a minute more."""
    return f"{metric} and time() - timestamp({metric}) < 30"


def prometheus(swarm: Installation) -> Prometheus:
    """Return the installation's Prometheus."""
    return SwarmPrometheus("http://127.0.0.1:9090", swarm)


def elasticsearch(swarm: Installation, containing: bytes) -> Receiver:
    """Return what the stand-in for Elasticsearch was sent that contains some bytes."""
    return _kept(swarm, "tools_elasticsearch", 9200, containing)


def kibana(swarm: Installation, containing: bytes) -> Receiver:
    """Return what the stand-in for Kibana was sent that contains some bytes."""
    return _kept(swarm, "tools_kibana", 5601, containing)


def _kept(swarm: Installation, service: str, port: int, containing: bytes) -> Receiver:
    url = f"http://127.0.0.1:{port}/kept?containing={containing.hex()}"
    rows = [line.split(" ") for line in _ask(swarm, service, url).splitlines()]
    return Receiver(requests=[(path, base64.b64decode(body)) for path, body in rows])


def _ask(swarm: Installation, service: str, url: str) -> str:
    [container] = swarm.containers(service, swarm.tool)
    try:
        return swarm.tool.docker("exec", container, "wget", "-q", "-O", "-", url)
    except CommandFailed as error:
        raise AssertionError(f"{service} does not answer: {error}") from error
