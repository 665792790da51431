"""Event loop of greenlets over epoll.

A task is a greenlet. A task that waits for a socket or a thread yields to the loop, and
the loop resumes the tasks that are ready. Threads could wait as well, but each blocking
call of a thread releases the GIL and has to acquire it again.

The functions at the end are what tasks call. Together they are what a client library
needs of a network, so this module can be passed to one as its network.
"""

import os
import select
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from functools import cache, partial
from typing import TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")

# How late the end of a wait may be noticed (seconds).
_PRECISION = 0.05

# Work in threads is long; at a lower priority it leaves the processor to the loop.
_NICENESS = 10
_WORK_TIMEOUT = 60.0  # seconds


class EventLoop:
    """Runs tasks and callbacks as soon as their descriptors are ready."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[int], None]] = {}
        self._waits: dict[int, tuple[Task, float]] = {}
        self._starting: list[Callable[[], object]] = []
        self._idle: list[Task] = []
        self._unwatched: set[int] = set()
        self._expires_at = 0.0

    def start(self, run: Callable[..., object], *arguments: object) -> None:
        """Run a task until its first wait; the loop resumes it later."""
        if isinstance(getcurrent(), Task):
            # A new greenlet's parent is the current one: started here, it would switch
            # back to this task instead of the loop.
            self._starting.append(partial(self.start, run, *arguments))
            return
        task = self._idle.pop() if self._idle else Task(self)
        task.gr_context = Context()
        task.switch(run, arguments)

    def watch(
        self, descriptor: int, events: int, callback: Callable[[int], None]
    ) -> None:
        """Call back in every round in which one of the events is reported."""
        self._register(descriptor, events)
        self._callbacks[descriptor] = callback

    def unwatch(self, descriptor: int) -> None:
        """Stop watching a descriptor; call this before closing it."""
        if self._callbacks.pop(descriptor, None):
            self._unwatched.add(descriptor)
            self._epoll.unregister(descriptor)

    def run_once(self, timeout: float) -> None:
        """Resume whatever is ready, after waiting for it at most `timeout` seconds.

        An exception of a task or a callback is raised here.
        """
        starting, self._starting = self._starting, []
        for start in starting:
            start()
        if self._starting:
            timeout = 0
        elif self._waits:
            timeout = min(timeout, _PRECISION)
        self._unwatched.clear()
        # Before the poll: a round, or a stop of the whole process, may outlast a wait,
        # and what has arrived meanwhile must not be found too late.
        now = time.monotonic()
        for descriptor, events in self._epoll.poll(timeout):
            # A descriptor that was closed in this round may be another socket by now.
            if descriptor not in self._unwatched:
                self._resume(descriptor, events)
        if self._waits:
            self._expire(now)

    def suspend(
        self, task: "Task", descriptor: int, event: int, seconds: float
    ) -> None:
        """Suspend a task until an event on a descriptor.

        A watched descriptor is registered already, which saves a system call; while a
        task waits for it, its events resume the task instead of calling back.

        Raises:
            TimeoutError: no event in so many seconds.

        """
        self._waits[descriptor] = (task, time.monotonic() + seconds)
        if descriptor not in self._callbacks:
            self._register(descriptor, event | select.EPOLLONESHOT)
        assert task.parent is not None  # noqa: S101
        task.parent.switch()

    def park(self, task: "Task") -> tuple[Callable[..., object], tuple[object, ...]]:
        """Suspend a task that has finished, until there is something else to run."""
        self._idle.append(task)
        assert task.parent is not None  # noqa: S101
        run, arguments = task.parent.switch()
        return run, arguments

    def _resume(self, descriptor: int, events: int) -> None:
        if wait := self._waits.pop(descriptor, None):
            wait[0].switch()
        elif callback := self._callbacks.get(descriptor):
            callback(events)

    def _register(self, descriptor: int, events: int) -> None:
        try:
            self._epoll.modify(descriptor, events)
        except FileNotFoundError:
            self._epoll.register(descriptor, events)

    def _expire(self, now: float) -> None:
        if now < self._expires_at:
            return
        self._expires_at = now + _PRECISION
        for descriptor, (task, end) in list(self._waits.items()):
            if end <= now and descriptor in self._waits:
                del self._waits[descriptor]
                task.throw(TimeoutError)


class Task(greenlet):
    """A greenlet that runs one function after another.

    A new greenlet for each would map and unmap a stack each time.
    """

    def __init__(self, loop: EventLoop) -> None:
        super().__init__(self._run)
        self.loop = loop

    def _run(self, run: Callable[..., object], arguments: tuple[object, ...]) -> None:
        while True:
            run(*arguments)
            run, arguments = self.loop.park(self)


class IdleWatch:
    """Notices that an idle connection has become readable, as when its peer closed it.

    Args:
        loop: the event loop that watches the connection.
        descriptor: of the connection.

    """

    def __init__(self, loop: EventLoop, descriptor: int) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._is_readable = self._is_closed = False
        loop.watch(descriptor, select.EPOLLIN, self._on_readable)

    def is_readable(self) -> bool:
        """Say whether there was something to read while no task waited for it."""
        return self._is_readable

    def close(self) -> None:
        """Stop watching; call this before closing the connection."""
        if not self._is_closed:
            self._is_closed = True
            self._loop.unwatch(self._descriptor)

    def _on_readable(self, _events: int) -> None:
        self._is_readable = True
        self.close()


# ---- For tasks


def wait_readable(descriptor: int, seconds: float) -> None:
    """Wait until there is something to read.

    Raises:
        TimeoutError: there was nothing for so many seconds.

    """
    task = _current_task()
    task.loop.suspend(task, descriptor, select.EPOLLIN, seconds)


def wait_writable(descriptor: int, seconds: float) -> None:
    """Wait until the descriptor is writable.

    A socket that is connecting is writable once connect has finished.

    Raises:
        TimeoutError: nothing could be written for so many seconds.

    """
    task = _current_task()
    task.loop.suspend(task, descriptor, select.EPOLLOUT, seconds)


def watch_idle(descriptor: int) -> IdleWatch:
    """Return a watch over a connection, for the time in which it is idle."""
    return IdleWatch(_current_task().loop, descriptor)


def run_in_thread(work: Callable[[], T]) -> T:
    """Run blocking work in a thread while other tasks go on, and return its result.

    Raises:
        TimeoutError: the work takes longer than a minute; its result is dropped.

    """
    reader, writer = socket.socketpair()
    with reader, writer:
        future = _executor().submit(work)
        # Closing a socket object twice is harmless, whereas writing to a descriptor
        # after the time-out could reach a file that has its number by then.
        future.add_done_callback(lambda _: writer.close())
        wait_readable(reader.fileno(), _WORK_TIMEOUT)
    return future.result()


def _current_task() -> Task:
    task = getcurrent()
    if not isinstance(task, Task):
        raise RuntimeError("only a task of an event loop can wait")
    return task


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), "work", initializer=_be_nice)


def _be_nice() -> None:
    # On Linux a niceness is the calling thread's own.
    with suppress(OSError):
        os.nice(_NICENESS)
