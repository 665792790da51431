"""The blocking implementation of what the driver needs of a network."""

import socket
import subprocess
import sys
import threading

import pytest

from minitwit.postgres.network import BLOCKING, Network
from minitwit.server import event_loop


def test_it_waits_for_a_socket_or_for_the_timeout() -> None:
    here, there = socket.socketpair()
    with here, there:
        BLOCKING.wait_writable(here.fileno(), 5)
        with pytest.raises(TimeoutError):
            BLOCKING.wait_readable(here.fileno(), 0.001)
        there.send(b"!")
        BLOCKING.wait_readable(here.fileno(), 5)


def test_it_runs_work_in_the_calling_thread() -> None:
    assert BLOCKING.run_in_thread(threading.get_ident) == threading.get_ident()


def test_an_idle_connection_is_readable_when_its_peer_hung_up() -> None:
    here, there = socket.socketpair()
    with here, there:
        watch = BLOCKING.watch_idle(here.fileno())
        assert not watch.is_readable()
        there.close()
        assert watch.is_readable()
        watch.close()


def test_the_event_loop_is_the_other_implementation() -> None:
    network: Network = event_loop
    names = [name for name in vars(Network) if not name.startswith("_")]
    assert names
    assert all(callable(getattr(network, name)) for name in names)


def test_settings_import_of_the_driver_only_what_checks_them() -> None:
    check = "import minitwit.settings, sys; print(*sys.modules)"
    run = [sys.executable, "-c", check]
    loaded = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    driver = {name for name in loaded.split() if name.startswith("minitwit.")}
    assert driver == {
        "minitwit.errors",
        "minitwit.postgres",
        "minitwit.postgres.address",
        "minitwit.postgres.certificate_authority",
        "minitwit.settings",
    }
