"""The hub: tasks wait for each other's sockets in one thread."""

import os
import socket
import threading

import pytest

from minitwit.server.event_loop import (
    EventLoop,
    run_in_thread,
    wait_readable,
    wait_writable,
)


def turn_until(hub: EventLoop, told: list[str], number: int) -> None:
    """Let the hub go on until so much was told."""
    for _ in range(1000):
        if len(told) >= number:
            return
        hub.turn(0.01)
    raise AssertionError(told)


def test_a_task_goes_on_while_another_waits() -> None:
    hub, told = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def wait() -> None:
        wait_readable(here.fileno(), 5)
        told.append(here.recv(9).decode())

    with here, there:
        hub.start(wait)
        hub.start(told.append, "meanwhile")
        assert told == ["meanwhile"]
        there.send(b"then")
        turn_until(hub, told, 2)
    assert told == ["meanwhile", "then"]


def test_a_wait_has_an_end() -> None:
    hub, told = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def wait() -> None:
        try:
            wait_readable(here.fileno(), 0)
        except TimeoutError:
            told.append("too late")

    with here, there:
        hub.start(wait)
        turn_until(hub, told, 1)
        # The socket is not waited for any more.
        there.send(b"late")
        hub.turn(0)
    assert told == ["too late"]


def test_the_same_code_blocks_where_no_hub_runs() -> None:
    here, there = socket.socketpair()
    with here, there:
        wait_writable(here.fileno(), 5)
        with pytest.raises(TimeoutError):
            wait_readable(here.fileno(), 0.001)
        there.send(b"!")
        wait_readable(here.fileno(), 5)
    assert run_in_thread(threading.get_ident) == threading.get_ident()


def test_long_work_is_done_in_a_thread_of_low_priority() -> None:
    hub, told = EventLoop(), list[str]()
    gate = threading.Event()

    def work() -> tuple[int, int]:
        gate.wait(5)
        return threading.get_ident(), os.getpriority(os.PRIO_PROCESS, 0)

    def ask() -> None:
        thread, niceness = run_in_thread(work)
        assert thread != threading.get_ident()
        assert niceness > os.getpriority(os.PRIO_PROCESS, 0) or niceness == 19
        told.append("done")

    hub.start(ask)
    hub.start(told.append, "meanwhile")
    assert told == ["meanwhile"]
    gate.set()
    turn_until(hub, told, 2)


def test_what_long_work_raises_is_raised_where_it_is_waited_for() -> None:
    hub, told = EventLoop(), list[str]()

    def ask() -> None:
        try:
            run_in_thread(lambda: 1 // 0)
        except ZeroDivisionError:
            told.append("caught")

    hub.start(ask)
    turn_until(hub, told, 1)


def test_a_task_that_a_task_starts_is_the_hubs() -> None:
    hub, told = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def inner() -> None:
        wait_readable(here.fileno(), 5)
        told.append("inner")

    def outer() -> None:
        hub.start(inner)
        told.append("outer")

    with here, there:
        hub.start(outer)
        assert told == ["outer"]
        there.send(b"!")
        turn_until(hub, told, 2)


def test_what_a_task_raises_comes_out_of_the_turn() -> None:
    hub = EventLoop()
    here, there = socket.socketpair()

    def leave() -> None:
        wait_readable(here.fileno(), 5)
        raise SystemExit

    with here, there:
        hub.start(leave)
        there.send(b"!")
        with pytest.raises(SystemExit):
            hub.turn(1)


def test_callbacks_come_until_they_are_forgotten() -> None:
    hub, told = EventLoop(), list[str]()
    here, there = socket.socketpair()
    with here, there:
        hub.watch(here.fileno(), 1, lambda _events: told.append("again"))
        there.send(b"!")
        hub.turn(1)
        hub.turn(1)
        hub.forget(here.fileno())
        hub.turn(0.01)
    assert told == ["again", "again"]


def test_what_is_watched_is_a_tasks_while_it_waits_for_it() -> None:
    hub, told = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def wait() -> None:
        wait_writable(here.fileno(), 5)
        hub.watch(here.fileno(), 1, lambda _events: told.append("unasked"))
        for _ in range(2):
            wait_readable(here.fileno(), 5)
            told.append(here.recv(1).decode())

    with here, there:
        hub.start(wait)
        there.send(b"12")
        turn_until(hub, told, 2)
        assert told == ["1", "2"]
        there.send(b"3")
        hub.turn(1)
        hub.forget(here.fileno())
    assert told == ["1", "2", "unasked"]
