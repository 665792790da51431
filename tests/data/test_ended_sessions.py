"""Sessions that end and messages that are deleted, while the standby is late."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import free_ports
from deploy.local.replicas import Replica
from deploy.local.traefik import (
    dynamic_configuration,
    limits_configuration,
    program,
    static_configuration,
)
from minitwit.postgres.roles import function_role
from tests.contract.callers import PASSWORD, Callers
from tests.data.replication import Pair, running_pair, superuser
from tests.data.servers import Server
from tests.data.writing import running_function
from tests.functions import FUNCTIONS
from tests.waiting import status_of, wait_until

EDGE = Path(__file__).parents[2] / "deploy" / "edge" / "dynamic.yml"

# What a thief asks of each function, and where an answer leads that knows no session.
ASKED = {
    "timeline": ("GET", "/", "/public"),
    "messages": ("POST", "/add_message", "/login"),
    "follow": ("POST", "/writer/follow", "/login?next=%2Fwriter"),
    "register": ("POST", "/account/password", "/login?next=%2Faccount"),
}

NEW = "a better one"
PASSWORD_FORM = {"password": PASSWORD, "new_password": NEW, "new_password2": NEW}
ENDINGS: dict[str, Callable[[httpx.Client], httpx.Response]] = {
    "sign-out": lambda browser: browser.post("/logout"),
    "password": lambda browser: browser.post("/account/password", data=PASSWORD_FORM),
    "everywhere": lambda browser: browser.post(
        "/account/sign_out_everywhere", data={"password": PASSWORD}
    ),
}


@dataclass(frozen=True)
class ReplicatedSystem:
    """Two replicas of each function behind Traefik, which read from the standby."""

    edge: Callers
    replicas: dict[str, list[Callers]]
    access_log: Path
    standby: Server

    def knows(self, cookie: str) -> list[bool]:
        """Say of each replica, and of the edge, whether it knows a session."""
        return [
            _knows(callers, function, cookie)
            for function in FUNCTIONS
            for callers in (*self.replicas[function], self.edge, self.edge)
        ]


def _knows(callers: Callers, function: str, cookie: str) -> bool:
    method, path, elsewhere = ASKED[function]
    headers = {"Cookie": f"session={cookie}"}
    answer = callers.anybody.request(method, path, headers=headers)
    assert answer.status_code in (200, 303), answer.text
    target: str | None = answer.headers.get("Location")
    return target != elsewhere


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicatedSystem]:
    """Run the system."""
    folder = tmp_path_factory.mktemp("replicated")
    with ExitStack() as stack:
        pair = stack.enter_context(running_pair(folder))
        replicas = [
            _replica(stack, pair, folder, function, number)
            for function in FUNCTIONS
            for number in (1, 2)
        ]
        port = _edge(stack, folder, replicas)
        callers = {replica: Callers(_url(replica.port)) for replica in replicas}
        edge = Callers(_url(port))
        for each in (edge, *callers.values()):
            stack.callback(each.close)
        by_function = {
            name: [callers[r] for r in replicas if r.function == name]
            for name in FUNCTIONS
        }
        yield ReplicatedSystem(edge, by_function, folder / "access.log", pair.standby)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _replica(
    stack: ExitStack, pair: Pair, folder: Path, function: str, number: int
) -> Replica:
    url = pair.url(function_role("messages"), pair.standby)
    service = stack.enter_context(
        running_function(
            function, pair.primary.cluster, folder, MINITWIT_DATABASE_READ_URL=url
        )
    )
    return Replica(function, number, service.port, 0)


def _edge(stack: ExitStack, folder: Path, replicas: list[Replica]) -> int:
    """Run Traefik and return its port."""
    port, operator_port = stack.enter_context(free_ports(2))
    dynamic = folder / "dynamic"
    dynamic.mkdir()
    (dynamic / "edge.yml").write_text(EDGE.read_text())
    routers = dynamic_configuration(replicas)
    (dynamic / "functions.yml").write_text(json.dumps(routers))
    (dynamic / "limits.yml").write_text(json.dumps(limits_configuration({})))
    static = static_configuration(port, operator_port, dynamic, folder / "access.log")
    (folder / "traefik.yml").write_text(json.dumps(static))
    log = stack.enter_context((folder / "traefik.log").open("wb"))
    process = subprocess.Popen(
        [program(), "--configfile", str(folder / "traefik.yml")],
        stdout=log,
        stderr=log,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    wait_until(lambda: status_of(f"{_url(port)}/public") == 200, "Traefik to answer")
    return port


def reads_come_from(standby: Server, edge: Callers) -> bool:
    """Read once, and say whether a function has read from the standby."""
    assert edge.anybody.get("/public").status_code == 200
    reading = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE usename = 'minitwit_timeline' AND query LIKE '%messages%'"
    )
    return superuser(standby, reading) != [[0]]


# contract: B9, U2, U3
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copied_cookie_is_refused_everywhere_at_once_while_the_standby_is_late(
    system: ReplicatedSystem, ending: str
) -> None:
    browser = system.edge.browser_of(system.edge.user())
    cookie = browser.cookies["session"]
    assert all(system.knows(cookie))
    wait_until(
        lambda: reads_come_from(system.standby, system.edge), "reads from the standby"
    )
    superuser(system.standby, "SELECT pg_wal_replay_pause()")
    try:
        assert ENDINGS[ending](browser).status_code == 200
        assert not any(system.knows(cookie))
    finally:
        superuser(system.standby, "SELECT pg_wal_replay_resume()")


# contract: L3
def test_a_deleted_message_is_gone_for_its_author_at_once_and_for_others_in_a_moment(
    system: ReplicatedSystem,
) -> None:
    author, reader = system.edge.user(), system.edge.browser()
    system.edge.post(author, "a regretted message")
    # The standby, which the reader may read from, has it a moment later.
    [permalink] = wait_until(
        lambda: set(re.findall(f'"(/{author}/[0-9]+)"', reader.get(f"/{author}").text)),
        "the message to be shown",
    )
    browser = system.edge.browser_of(author)
    wait_until(
        lambda: reads_come_from(system.standby, system.edge), "reads from the standby"
    )
    pages = ("/public", f"/{author}", permalink, "/public/feed")

    def seen(client: httpx.Client) -> list[str]:
        return [path for path in pages if "a regretted" in client.get(path).text]

    superuser(system.standby, "SELECT pg_wal_replay_pause()")
    try:
        form = {"id": permalink.rpartition("/")[2]}
        assert browser.post("/delete_message", data=form).status_code == 200
        assert seen(browser) + seen(browser) == []
        # A standby that is late by more than a second answers no reads.
        wait_until(lambda: seen(reader) == [], "the message to be gone for others")
    finally:
        superuser(system.standby, "SELECT pg_wal_replay_resume()")


def test_no_log_of_the_edge_holds_the_token_of_a_link(
    system: ReplicatedSystem,
) -> None:
    anybody = system.edge.anybody
    anybody.get("/reset_password", params={"token": "a-secret-token"})
    wait_until(
        lambda: '"/reset_password' in system.access_log.read_text(),
        "the line of the request",
    )
    assert "a-secret-token" not in system.access_log.read_text()
