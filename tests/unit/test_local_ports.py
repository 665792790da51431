"""Free ports, and ports in use."""

import socket

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.ports import free_ports, require_free


def listening(port: int = 0, host: str = "127.0.0.1") -> socket.socket:
    """Listen with SO_REUSEADDR, as a server that restarts at once does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen()
    except OSError:
        server.close()
        raise
    return server


def test_ports_are_below_those_the_kernel_gives_to_connections() -> None:
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        start = int(file.read().split()[0])
    with free_ports(5) as ports:
        assert len(set(ports)) == 5
        assert max(ports) < start


def test_a_held_port_is_free_for_the_server_it_is_meant_for() -> None:
    with free_ports(1) as (port,), listening(port), pytest.raises(OSError, match="use"):
        listening(port)


def test_a_held_port_is_not_free_for_other_runs() -> None:
    with free_ports(1) as (port,), socket.socket() as other:
        with pytest.raises(OSError, match="Address already in use"):
            other.bind(("127.0.0.1", port))


@pytest.mark.parametrize("host", ["127.0.0.1", "", "::1", "::"])
def test_a_port_in_use_is_refused_with_what_to_do(host: str) -> None:
    try:
        server = listening(host=host)
    except OSError:
        pytest.skip("no IPv6 here")
    with server:
        port = server.getsockname()[1]
        with pytest.raises(LocalRunError, match=f"Port {port} is in use.*PORT="):
            require_free(port)


def test_a_port_that_was_just_used_is_free() -> None:
    with listening() as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        connection, _ = server.accept()
        # The side that closes first keeps the port in TIME_WAIT for a minute.
        connection.close()
        client.close()
    require_free(port)


def test_without_free_ports_the_error_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploy.local.ports._ephemeral_start", lambda: 10_000)
    with pytest.raises(LocalRunError, match="no 2 free ports"), free_ports(2):
        pass
