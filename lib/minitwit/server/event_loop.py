"""The hub: one thread in which many tasks wait, each for something of its own.

A task is a greenlet. Where it has to wait it hands over to the hub, which goes on with
whoever's waiting is over. Threads would do the same, but each of their waits gives the
interpreter's lock away and has to get it back. Where no hub runs, as in a command, the
same functions block.
"""

import os
import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from functools import cache, partial
from typing import TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")

# How late a wait's time-out may be noticed (seconds).
_PRECISION = 0.05

# What takes long is done at a lower priority, so that it slows nobody down who only
# wants a list.
_NICENESS = 10
_LONG = 60.0  # seconds; nothing that is done in a thread takes so long


class EventLoop:
    """Runs tasks and callbacks as soon as what they wait for is ready."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[int], None]] = {}
        self._waits: dict[int, tuple[greenlet, float]] = {}
        self._starting: list[Callable[[], object]] = []
        self._idle: list[_Task] = []
        self._look_at_waits = 0.0

    def rest(self, task: "_Task") -> tuple[Callable[..., object], tuple[object, ...]]:
        """Let a task that is done wait for the next thing to run."""
        self._idle.append(task)
        assert task.parent is not None  # noqa: S101
        run, arguments = task.parent.switch()
        return run, arguments

    def start(self, run: Callable[..., object], *arguments: object) -> None:
        """Run a task until its first wait; the rest of it comes in later turns."""
        if isinstance(getcurrent(), _Task):
            # The hub starts it: it would come back to this task otherwise.
            self._starting.append(partial(self.start, run, *arguments))
            return
        task = self._idle.pop() if self._idle else _Task(self)
        task.gr_context = Context()
        task.switch(run, arguments)

    def watch(
        self, descriptor: int, events: int, callback: Callable[[int], None]
    ) -> None:
        """Call back in every turn in which one of the events is there."""
        self._announce(descriptor, events)
        self._callbacks[descriptor] = callback

    def forget(self, descriptor: int) -> None:
        """Watch a descriptor no longer; it must not be closed yet."""
        if self._callbacks.pop(descriptor, None):
            self._epoll.unregister(descriptor)

    def turn(self, seconds: float) -> None:
        """Go on with whatever is ready, after waiting for it at most so long.

        Whatever a task or a callback raises comes out here.
        """
        starting, self._starting = self._starting, []
        for start in starting:
            start()
        if self._waits:
            seconds = min(seconds, _PRECISION)
        for descriptor, events in self._epoll.poll(0 if self._starting else seconds):
            if wait := self._waits.pop(descriptor, None):
                wait[0].switch()
            elif callback := self._callbacks.get(descriptor):
                callback(events)
        if self._waits:
            self._expire(time.monotonic())

    def suspend(self, task: greenlet, descriptor: int, event: int, end: float) -> None:
        """Let a task wait, at the latest until `end` by the monotonic clock.

        What is watched anyway is not announced to the kernel again; while a task waits
        for it, its events are the task's.
        """
        self._waits[descriptor] = (task, end)
        if descriptor not in self._callbacks:
            self._announce(descriptor, event | select.EPOLLONESHOT)
        assert task.parent is not None  # noqa: S101
        task.parent.switch()

    def _announce(self, descriptor: int, events: int) -> None:
        try:
            self._epoll.modify(descriptor, events)
        except FileNotFoundError:
            self._epoll.register(descriptor, events)

    def _expire(self, now: float) -> None:
        if now < self._look_at_waits:
            return
        self._look_at_waits = now + _PRECISION
        for descriptor, (task, end) in list(self._waits.items()):
            if end <= now and descriptor in self._waits:
                del self._waits[descriptor]
                task.throw(TimeoutError)


class _Task(greenlet):
    """A greenlet that runs one thing after the other.

    A new one for each would get its stack from the kernel and give it back.
    """

    def __init__(self, hub: EventLoop) -> None:
        super().__init__(self._run)
        self.hub = hub

    def _run(self, run: Callable[..., object], arguments: tuple[object, ...]) -> None:
        while True:
            run(*arguments)
            run, arguments = self.hub.rest(self)


def current_loop() -> EventLoop | None:
    """Return the hub of the task that asks; None where no hub runs."""
    task = getcurrent()
    return task.hub if isinstance(task, _Task) else None


def wait_readable(descriptor: int, seconds: float) -> None:
    """Wait until there is something to read.

    Raises:
        TimeoutError: there was nothing for so many seconds.

    """
    _wait(descriptor, select.EPOLLIN, seconds)


def wait_writable(descriptor: int, seconds: float) -> None:
    """Wait until something can be written, as on a connection that was made.

    Raises:
        TimeoutError: it could not be for so many seconds.

    """
    _wait(descriptor, select.EPOLLOUT, seconds)


def run_in_thread(work: Callable[[], T]) -> T:
    """Return what long work returns, and let others go on meanwhile."""
    if not isinstance(getcurrent(), _Task):
        return work()
    done = os.eventfd(0)
    try:
        future = _executor().submit(work)
        future.add_done_callback(lambda _: os.eventfd_write(done, 1))
        wait_readable(done, _LONG)
        return future.result()
    finally:
        os.close(done)


def _wait(descriptor: int, event: int, seconds: float) -> None:
    task = getcurrent()
    if isinstance(task, _Task):
        task.hub.suspend(task, descriptor, event, time.monotonic() + seconds)
        return
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(seconds * 1000):
        raise TimeoutError


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), "work", initializer=_be_nice)


def _be_nice() -> None:
    # On Linux this is the calling thread's own.
    with suppress(OSError):
        os.nice(_NICENESS)
