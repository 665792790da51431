"""Connections to the database across the network are encrypted."""

import pytest

from tests.functions import FUNCTIONS
from tests.swarm.installation import TOOLS, Installation
from tests.swarm.load import Load
from tests.swarm.servers import ask, change_places
from tests.swarm.shell import CommandFailed
from tests.waiting import wait_until

MAX_RESTART = 40.0  # seconds; three are usual

# Whatever comes over the network, by its role and by how it is encrypted.
CONNECTIONS = (
    "SELECT DISTINCT usename, version FROM pg_stat_ssl "
    "JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL"
)
# The superuser's is the standby's.
ROLES = (*(f"minitwit_{f}" for f in FUNCTIONS), "minitwit_monitor", "postgres")
ENCRYPTED = {f"{role}|TLSv1.3" for role in ROLES}


def all_are_encrypted(swarm: Installation) -> bool:
    """Say whether every client is connected; fail when one is not encrypted."""
    connections = set(ask(swarm, CONNECTIONS).splitlines())
    assert connections <= ENCRYPTED
    # A function connects when it is called.
    return swarm.answers("GET", "/latest", 200) and connections == ENCRYPTED


def test_every_client_of_the_database_is_encrypted(swarm: Installation) -> None:
    change_places(swarm)
    swarm.wait_for_site()
    wait_until(
        lambda: all_are_encrypted(swarm),
        lambda: f"all clients, not\n{ask(swarm, CONNECTIONS)}",
    )


@pytest.mark.parametrize("role", ["postgres", "minitwit", "minitwit_timeline"])
def test_an_unencrypted_connection_is_refused(swarm: Installation, role: str) -> None:
    """The standby's container reaches the primary over the overlay network."""
    change_places(swarm)
    [container] = swarm.containers("data_standby", swarm.tool)
    target = f"host=data_postgres user={role} dbname=minitwit sslmode=disable"
    with pytest.raises(CommandFailed, match=f'user "{role}".*, no encryption'):
        swarm.tool.docker("exec", container, "psql", target, "--command", "SELECT 1")


def test_a_certificate_is_replaced_and_no_caller_is_locked_out(
    swarm: Installation,
) -> None:
    """No request fails but for 503 while the servers change places.

    Clients trust both certificates while they and the servers are replaced.
    """
    change_places(swarm)
    with Load(swarm.url) as load:
        swarm.follow("Replace the database's certificate")
        swarm.settle("data_postgres", "data_standby", *TOOLS)
        swarm.wait_for_site()
    change_places(swarm)
    outcomes = load.so_far()
    refused = [outcome.began for outcome in outcomes.failures]
    seconds = max(refused, default=0) - min(refused, default=0)
    swarm.measured(f"a new certificate: 503 for {seconds:.0f} s; {outcomes}")
    wrong = [str(o) for o in outcomes.failures if o.answer != "503"]
    assert not wrong, "\n".join(wrong[:20])
    assert seconds < MAX_RESTART
    number = swarm.operate('. deploy/environment.sh; echo "${DATABASE_CA_SECRET##*-}"')
    certificate = f"minitwit-database-certificate-{number.strip()}"
    assert certificate in swarm.secrets_of("data_postgres")
    assert certificate in swarm.secrets_of("data_standby")
    wait_until(lambda: all_are_encrypted(swarm), "all clients")
