"""An installation of MiniTwit on the test's own droplets, run as operators run it."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.functions import FUNCTIONS
from tests.swarm import load
from tests.swarm.handbook import commands
from tests.swarm.nodes import Node
from tests.swarm.outside import Outside
from tests.swarm.shell import CommandFailed, run
from tests.waiting import wait_until

TOOLS = (
    *("tools_collector", "tools_collector-agent", "tools_prometheus"),
    *("tools_alertmanager", "tools_grafana", "tools_elasticsearch", "tools_kibana"),
    *("tools_postgres-exporter", "tools_standby-exporter", "tools_node-exporter"),
)
SERVICES = (
    *(f"minitwit_{function}" for function in FUNCTIONS),
    *("data_postgres", "data_standby", "data_etcd-1", "data_backups"),
    *("edge_traefik", "edge_socket-proxy"),
    *TOOLS,
)


@dataclass(frozen=True)
class Versions:
    """The versions of the functions that the test makes."""

    number: str

    @property
    def first(self) -> str:
        """The version that is installed."""
        return f"{self.number}.0"

    @property
    def second(self) -> str:
        """The version after it."""
        return f"{self.number}.1"

    @property
    def sick(self) -> str:
        """A version whose `messages` never gets healthy."""
        return f"{self.number}.2"

    @property
    def deaf(self) -> str:
        """A version whose `timeline` is healthy and does not hear the edge."""
        return f"{self.number}.3"


@dataclass
class Installation:
    """Two droplets, and what an operator does to them."""

    application: Node
    tool: Node
    # Not switched on: for who has lost one of the others for good.
    spare: Node
    # Nor is this one: for `make swarm`, which needs an engine of its own.
    laptop: Node
    registry: str
    versions: Versions
    outside: Outside
    figures: list[str] = field(default_factory=list)
    # Why nothing more can be tried on it, if so.
    broken: str = ""

    @property
    def url(self) -> str:
        """The address by which callers reach the site."""
        return f"http://{self.application.address}"

    def follow(self, heading: str, **variables: str) -> str:
        """Do what docs/operations.md says under a heading."""
        script = f"set -euo pipefail\n{commands(heading)}"
        return run("bash", "-c", script, environment=self._shell(variables))

    def follow_runbook(self, name: str, heading: str, **variables: str) -> str:
        """Do what a runbook says under a heading."""
        script = commands(heading, f"runbooks/{name}.md")
        return self.operate(f"set -euo pipefail\n{script}", **variables)

    def operate(self, script: str, **variables: str) -> str:
        """Run a line of shell as an operator would."""
        return run("bash", "-c", script, environment=self._shell(variables))

    def measured(self, figure: str) -> None:
        """Note a figure for the summary at the end of the run."""
        self.figures.append(figure)

    # ---- What runs

    def replicas(self, service: str) -> tuple[int, int]:
        """Return how many replicas of a service run, and how many should."""
        return self._all_replicas().get(service, (0, 0))

    def _all_replicas(self) -> dict[str, tuple[int, int]]:
        show = "{{.Name}} {{.Replicas}}"
        rows = self.application.docker("service", "ls", "--format", show).splitlines()
        found = {}
        for name, count in (row.split(" ")[:2] for row in rows):
            running, wanted = count.split("/")
            found[name] = int(running), int(wanted)
        return found

    def not_whole(self, *services: str) -> list[str]:
        """Return those of some services that lack a replica or are being updated."""
        show = "{{.Spec.Name}}={{with .UpdateStatus}}{{.State}}{{end}}"
        inspect = ("service", "inspect", "--format", show)
        try:
            replicas = self._all_replicas()
            rows = self.application.docker(*inspect, *(replicas.keys() & services))
        except CommandFailed:
            # A manager that is just coming back refuses questions.
            return list(services)
        updates = dict(row.split("=") for row in rows.splitlines())
        done = ("", "completed", "rollback_completed")

        def is_whole(service: str) -> bool:
            running, wanted = replicas.get(service, (0, 0))
            return running == wanted > 0 and updates[service] in done

        return [service for service in services if not is_whole(service)]

    def update(self, service: str) -> str:
        """Return how far the newest update of a service is."""
        status = self.inspect("service", service).get("UpdateStatus") or {}
        return str(status.get("State", ""))

    def live(self) -> dict[str, str]:
        """Return the version that each function should run."""
        services = {f: self.inspect("service", f"minitwit_{f}") for f in FUNCTIONS}
        return {
            function: _tag(service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])
            for function, service in services.items()
        }

    def has_node(self, name: str) -> bool:
        """Tell whether the manager has heard of a node lately."""
        return bool(self.inspect("node", name)["Status"]["State"] == "ready")

    def inspect(self, kind: str, name: str) -> dict[str, Any]:
        """Return what the manager knows about a thing."""
        found: list[dict[str, Any]] = json.loads(
            self.application.docker(kind, "inspect", name)
        )
        return found[0]

    def secrets_of(self, service: str) -> set[str]:
        """Return the names of the secrets that a service has."""
        task = self.inspect("service", service)["Spec"]["TaskTemplate"]
        return {secret["SecretName"] for secret in task["ContainerSpec"]["Secrets"]}

    def containers(self, service: str, node: Node | None = None) -> list[str]:
        """Return a service's containers on a node, by default the application's."""
        docker = (node or self.application).docker
        return docker("ps", "--quiet", "--filter", f"name=^{service}[.]").split()

    def sql(self, *statements: str) -> None:
        """Run statements on the database as its superuser."""
        [server] = self.containers("data_postgres")
        words = ("psql", "--host=/var/run/postgresql", "--username=postgres")
        options = ("--quiet", "-v", "ON_ERROR_STOP=1", "minitwit")
        commands = [word for text in statements for word in ("--command", text)]
        self.application.docker("exec", server, *words, *options, *commands)

    # ---- Waiting

    def settle(self, *services: str, seconds: float = 180) -> float:
        """Wait until services are whole again; return how long it took."""
        start = time.monotonic()
        awaited = services or SERVICES
        wait_until(
            lambda: not self.not_whole(*awaited),
            lambda: f"services to be whole\n{self.explain(*self.not_whole(*awaited))}",
            seconds,
        )
        return time.monotonic() - start

    def wait_for_update(self, service: str) -> None:
        """Wait until every replica of a service was replaced."""
        wait_until(
            lambda: self.update(service) == "completed",
            lambda: f"the update of {service}\n{self.explain(service)}",
            180,
        )

    def wait_for_registration(self, seconds: float = 120) -> float:
        """Wait until registration works; return the seconds it took."""
        start = time.monotonic()
        self._wait_for(self._registers_a_visitor, seconds)
        return time.monotonic() - start

    def wait_for_site(self) -> None:
        """Wait until every function answers."""
        self._wait_for(self._is_steady, 120)

    def _wait_for(self, state: Callable[[], bool], seconds: float) -> None:
        wait_until(state, lambda: f"{self.url} to answer\n{self.explain()}", seconds)

    def wait_for_message(self, content: str) -> None:
        """Wait until the site answers with a message that it was given before."""
        wait_until(
            lambda: content in self._messages(),
            lambda: f"{self.url} to show {content!r}\n{self.explain()}",
        )

    def _registers_a_visitor(self) -> bool:
        # A new name each time: one whose answer was late would be taken the next time.
        visitor = load.account(f"Visitor {time.time_ns():x}")
        return self.answers("POST", "/register", 204, visitor)

    def _is_steady(self) -> bool:
        # Often enough to meet each replica: each finds out by itself that the
        # database is back.
        return all(
            self.answers("GET", path, 200)
            for _ in range(10)
            for path in ("/public", "/latest", f"/fllws/{load.USERS[0]}")
        )

    def answers(
        self, method: str, path: str, status: int, body: dict[str, str] | None = None
    ) -> bool:
        """Tell whether a request to the site gets the answer that it should."""
        response = self.ask(method, path, body)
        return response is not None and response.status_code == status

    def ask(
        self, method: str, path: str, body: dict[str, str] | None = None
    ) -> httpx.Response | None:
        """Return what the site answers the simulator; None when it does not."""
        try:
            return httpx.request(
                *(method, self.url + path),
                json=body,
                headers={"Authorization": f"Basic {load.SIMULATOR}"},
                timeout=2,
                trust_env=False,
            )
        except httpx.HTTPError:
            return None

    def _messages(self) -> list[str]:
        headers = {"Authorization": f"Basic {load.SIMULATOR}"}
        url = f"{self.url}/msgs?no=1000"
        answer = httpx.get(url, headers=headers, trust_env=False)
        if answer.status_code != 200:
            return []
        return [message["content"] for message in answer.json()]

    # ---- When something fails

    def explain(self, *services: str) -> str:
        """Return the state and last words of services, by default of all not whole."""
        ill = services or self.not_whole(*SERVICES)
        return "\n".join(self._words(service) for service in ill)

    def engines_words(self) -> str:
        """Return the last lines of every engine that is on."""
        return "\n".join(
            f"---- {node.hostname}\n{node.engine.tail()}"
            for node in self._nodes()
            if node.engine.is_on
        )

    def _nodes(self) -> tuple[Node, ...]:
        return self.application, self.tool, self.spare, self.laptop

    def words(self, service: str, lines: int = 12) -> str:
        """Return the last lines that a service's newest replicas wrote.

        Each engine is asked by itself: the manager's `service logs` now and then says
        that a node is not available which runs its tasks all the same.
        """
        nodes = [n for n in self._nodes() if n.engine.is_on]
        return "\n".join(text for n in nodes for text in n.words(service, lines))

    def _words(self, service: str) -> str:
        fields = ("Name", "Image", "Node", "DesiredState", "CurrentState", "Error")
        show = " ".join(f"{{{{.{name}}}}}" for name in fields)
        try:
            tasks = self.application.docker(
                *("service", "ps", "--no-trunc", "--format", show, service),
                timeout=20,
            )
        except CommandFailed as error:
            tasks = str(error).splitlines()[-1]
        return f"---- {service}\n{tasks}\n{self.words(service)}"

    def _shell(self, variables: dict[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "DOCKER_HOST": self.application.docker.host,
            "MINITWIT_ADVERTISE_ADDRESS": self.application.address,
            "MINITWIT_REGISTRY": self.registry,
            "MINITWIT_URL": self.url,
            # The tests sign in and up from one address.
            "MINITWIT_SIGN_INS_PER_MINUTE": "0",
            "MINITWIT_SIGN_UPS_PER_MINUTE": "0",
            "MINITWIT_REQUESTS_IN_FLIGHT": "1000000",
            # A test renames the data stack.
            "CERTIFICATE_NAMES": "renamed_postgres renamed_standby",
            "VERSION": self.versions.first,
            **self.outside.variables,
            **variables,
        }


def install(site: Installation) -> None:
    """Set everything up from two empty droplets, by the handbook."""
    start = time.monotonic()
    site.follow("Bootstrap")
    add_tool_node(site)
    site.follow("The standby", NAME=site.tool.hostname)
    site.settle("data_postgres", "edge_traefik")
    released = time.monotonic()
    site.follow("First release")
    site.wait_for_registration()
    first = time.monotonic()
    site.measured(
        f"from two bare engines to the first 204: {first - start:.0f} s, "
        f"{first - released:.0f} s of it release.sh"
    )
    site.follow("The tools")
    site.measured(f"the tools deployed, {site.settle(*TOOLS):.0f} s until all run")
    site.settle()
    for name in load.USERS:
        assert site.answers("POST", "/register", 204, load.account(name))


def add_tool_node(site: Installation) -> None:
    """Join the tool droplet by the handbook."""
    site.follow(
        "Add a node",
        NEW_NODE=site.tool.docker.host,
        NAME=site.tool.hostname,
        ROLE="tool",
        MANAGER=site.application.address,
    )


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition(":")[2]
