"""The event loop: tasks wait for each other's sockets in one thread."""

import os
import select
import socket
import threading
from functools import partial
from types import SimpleNamespace

import pytest

from minitwit.server import event_loop
from minitwit.server.event_loop import (
    EventLoop,
    run_in_thread,
    wait_readable,
    wait_writable,
    watch_idle,
)


def run_until(loop: EventLoop, seen: list[str], number: int) -> None:
    """Run the loop until so much was seen."""
    for _ in range(1000):
        if len(seen) >= number:
            return
        loop.run_once(0.01)
    raise AssertionError(seen)


def test_a_task_goes_on_while_another_waits() -> None:
    loop, seen = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def wait() -> None:
        wait_readable(here.fileno(), 5)
        seen.append(here.recv(9).decode())

    with here, there:
        loop.start(wait)
        loop.start(seen.append, "meanwhile")
        assert seen == ["meanwhile"]
        there.send(b"then")
        run_until(loop, seen, 2)
    assert seen == ["meanwhile", "then"]


def test_a_wait_has_an_end() -> None:
    loop, seen = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def wait() -> None:
        try:
            wait_readable(here.fileno(), 0)
        except TimeoutError:
            seen.append("too late")

    with here, there:
        loop.start(wait)
        run_until(loop, seen, 1)
        # The socket is not waited for any more.
        there.send(b"late")
        loop.run_once(0)
    assert seen == ["too late"]


def test_what_has_arrived_in_a_long_round_is_not_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A round of the loop, or a stop of the whole process, may outlast a wait."""
    now = [0.0]
    monkeypatch.setattr(event_loop, "time", SimpleNamespace(monotonic=lambda: now[0]))
    loop, seen = EventLoop(), list[str]()
    here, there = socket.socketpair()
    busy, other = socket.socketpair()

    def wait() -> None:
        wait_readable(here.fileno(), 5)
        seen.append(here.recv(9).decode())

    def work_long(_: int) -> None:
        loop.unwatch(busy.fileno())
        there.send(b"in time")
        now[0] += 6

    with here, there, busy, other:
        loop.start(wait)
        loop.watch(busy.fileno(), select.EPOLLIN, work_long)
        other.send(b"work")
        run_until(loop, seen, 1)
    assert seen == ["in time"]


def test_only_a_task_can_wait() -> None:
    here, there = socket.socketpair()
    with here, there, pytest.raises(RuntimeError, match="task"):
        wait_writable(here.fileno(), 5)


def test_long_work_is_done_in_a_thread_of_low_priority() -> None:
    loop, seen = EventLoop(), list[str]()
    gate = threading.Event()

    def work() -> tuple[int, int]:
        gate.wait(5)
        return threading.get_ident(), os.getpriority(os.PRIO_PROCESS, 0)

    def ask() -> None:
        thread, niceness = run_in_thread(work)
        assert thread != threading.get_ident()
        assert niceness > os.getpriority(os.PRIO_PROCESS, 0) or niceness == 19
        seen.append("done")

    loop.start(ask)
    loop.start(seen.append, "meanwhile")
    assert seen == ["meanwhile"]
    gate.set()
    run_until(loop, seen, 2)


def test_an_exception_of_long_work_is_raised_where_it_is_awaited() -> None:
    loop, seen = EventLoop(), list[str]()

    def ask() -> None:
        try:
            run_in_thread(lambda: 1 // 0)
        except ZeroDivisionError:
            seen.append("caught")

    loop.start(ask)
    run_until(loop, seen, 1)


def test_a_task_that_a_task_starts_belongs_to_the_loop() -> None:
    loop, seen = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def inner() -> None:
        wait_readable(here.fileno(), 5)
        seen.append("inner")

    def outer() -> None:
        loop.start(inner)
        seen.append("outer")

    with here, there:
        loop.start(outer)
        assert seen == ["outer"]
        there.send(b"!")
        run_until(loop, seen, 2)


def test_an_exception_of_a_task_is_raised_by_the_loop() -> None:
    loop = EventLoop()
    here, there = socket.socketpair()

    def leave() -> None:
        wait_readable(here.fileno(), 5)
        raise SystemExit

    with here, there:
        loop.start(leave)
        there.send(b"!")
        with pytest.raises(SystemExit):
            loop.run_once(1)


def test_callbacks_come_until_the_descriptor_is_unwatched() -> None:
    loop, seen = EventLoop(), list[str]()
    here, there = socket.socketpair()
    with here, there:
        loop.watch(here.fileno(), 1, lambda _events: seen.append("again"))
        there.send(b"!")
        loop.run_once(1)
        loop.run_once(1)
        loop.unwatch(here.fileno())
        loop.run_once(0.01)
    assert seen == ["again", "again"]


def test_events_of_a_watched_descriptor_resume_the_task_that_waits_for_it() -> None:
    loop, seen = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def wait() -> None:
        wait_writable(here.fileno(), 5)
        loop.watch(here.fileno(), 1, lambda _events: seen.append("unsolicited"))
        for _ in range(2):
            wait_readable(here.fileno(), 5)
            seen.append(here.recv(1).decode())

    with here, there:
        loop.start(wait)
        there.send(b"12")
        run_until(loop, seen, 2)
        assert seen == ["1", "2"]
        there.send(b"3")
        loop.run_once(1)
        loop.unwatch(here.fileno())
    assert seen == ["1", "2", "unsolicited"]


def test_an_idle_watch_notices_what_arrives_while_no_task_waits() -> None:
    loop, seen = EventLoop(), list[str]()
    here, there = socket.socketpair()

    def wait() -> None:
        watch = watch_idle(here.fileno())
        there.send(b"1")
        wait_readable(here.fileno(), 5)
        here.recv(1)
        seen.append(str(watch.is_readable()))
        there.close()
        wait_readable(other.fileno(), 5)
        seen.append(str(watch.is_readable()))
        watch.close()

    other, waking = socket.socketpair()
    with here, there, other, waking:
        loop.start(wait)
        run_until(loop, seen, 1)
        loop.run_once(1)
        waking.send(b"!")
        run_until(loop, seen, 2)
    assert seen == ["False", "True"]


def test_work_that_ends_after_the_timeout_writes_to_no_reused_descriptor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_loop, "_WORK_TIMEOUT", 0.0)
    loop, seen, gate, done = EventLoop(), list[str](), threading.Event(), []
    highest = os.open("/dev/null", os.O_RDONLY)
    os.close(highest)

    def ask() -> None:
        try:
            run_in_thread(lambda: done.append(gate.wait(5)))
        except TimeoutError:
            seen.append("too late")

    loop.start(ask)
    run_until(loop, seen, 1)
    # These get the numbers that the wait had.
    reused = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(3)]
    assert highest in reused
    gate.set()
    event_loop._executor().submit(lambda: None).result()
    while not done:
        pass
    event_loop._executor().submit(lambda: None).result()
    for descriptor in reused:
        with pytest.raises(BlockingIOError):
            os.eventfd_read(descriptor)
        os.close(descriptor)


def test_an_event_of_a_closed_descriptor_is_not_delivered_to_its_successor() -> None:
    """One round reports two events; the first closes the socket of the second."""
    loop, seen = EventLoop(), list[int]()
    pairs = [socket.socketpair() for _ in range(2)]
    successors: list[socket.socket] = []

    def replace_the_other(descriptor: int, _events: int) -> None:
        for here, _ in pairs:
            if here.fileno() not in (descriptor, -1):
                number = here.fileno()
                loop.unwatch(number)
                here.close()
                successors.extend(socket.socketpair())
                assert number in [s.fileno() for s in successors]
                loop.watch(number, select.EPOLLIN, seen.append)

    for here, there in pairs:
        there.send(b"!")
        number = here.fileno()
        loop.watch(number, select.EPOLLIN, partial(replace_the_other, number))
    loop.run_once(1)
    assert successors
    assert seen == []
    for end in [*successors, *(end for pair in pairs for end in pair)]:
        end.close()
