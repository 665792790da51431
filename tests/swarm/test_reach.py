"""No container reaches another with which it shares no network of the stacks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from tests.swarm import reach
from tests.swarm.installation import SERVICES, Installation
from tests.swarm.nodes import Node


@dataclass(frozen=True)
class Container:
    """A container of a service and where it runs."""

    service: str
    node: Node
    name: str

    def ask(self, *places: str) -> list[str]:
        """Run `reach` in its network and return the lines that it prints."""
        return self.node.in_network_of(
            self.name, "python3", str(reach.__file__), *places
        ).splitlines()


def _containers(swarm: Installation) -> Iterator[Container]:
    for service in SERVICES:
        for node in (swarm.application, swarm.tool):
            for name in swarm.containers(service, node)[:1]:
                yield Container(service, node, name)


def _networks(swarm: Installation) -> dict[str, str]:
    """Return the ID of each network that spans the droplets, by its subnet."""
    docker = swarm.application.docker
    words = ("network", "ls", "--quiet", "--no-trunc", "--filter", "driver=overlay")
    found = [swarm.inspect("network", name) for name in docker(*words).split()]
    return {network["IPAM"]["Config"][0]["Subnet"]: network["Id"] for network in found}


def _of_service(swarm: Installation, service: str) -> set[str]:
    task = swarm.inspect("service", service)["Spec"]["TaskTemplate"]
    return {network["Target"] for network in task["Networks"]}


def test_containers_reach_each_other_in_shared_networks_only(
    swarm: Installation,
) -> None:
    """Each container connects to every socket that listens in any other.

    What connects is exactly what a network of both allows. The bridge by which the
    containers of a droplet reach the world is no way from one to another.
    """
    containers = list(_containers(swarm))
    subnets = _networks(swarm)
    mine = {service: _of_service(swarm, service) for service in SERVICES}

    def may(source: Container, place: str) -> bool:
        address = ip_address(place.rsplit(":", 1)[0])
        return any(
            address in ip_network(subnet) and network in mine[source.service]
            for subnet, network in subnets.items()
        )

    with ThreadPoolExecutor(4) as pool:
        sockets = dict(
            zip(containers, pool.map(Container.ask, containers), strict=True)
        )
        others = [
            # Droplets may give the same address, which leads a container to itself.
            [
                place
                for target in containers
                if target != source
                for place in sockets[target]
                if place not in sockets[source]
            ]
            for source in containers
        ]
        connected = list(pool.map(lambda c, p: set(c.ask(*p)), containers, others))
    owners = {p: target.service for target in containers for p in sockets[target]}
    for source, places, got in zip(containers, others, connected, strict=True):
        wrong = {
            f"{source.service} -> {owners[place]} {place}: {place in got}"
            for place in places
            if (place in got) != may(source, place)
        }
        assert not wrong, "\n".join(sorted(wrong))
    tried = sum(len(places) for places in others)
    reached = sum(len(got) for got in connected)
    swarm.measured(
        f"{len(containers)} containers tried {tried} connections to each other: "
        f"{reached} in networks that they share, {tried - reached} refused"
    )
    assert 0 < reached < tried
